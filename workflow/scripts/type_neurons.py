"""Select language neurons and type all neurons."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.neuron_table import write_neurons

    write_neurons(
        probabilities_path=snakemake.input.probabilities[0],
        output=snakemake.output.neurons,
        summary=snakemake.output.summary,
        method=snakemake.wildcards.method,
        parameters=snakemake.params.parameters,
        languages=snakemake.params.languages,
    )
