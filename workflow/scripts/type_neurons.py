"""Select language neurons and type all neurons."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.neurons.table import write_neurons

    write_neurons(
        probabilities_path=snakemake.input.probabilities,
        output=snakemake.output.neurons,
        summary=snakemake.output.summary,
        **snakemake.params.settings,
    )
