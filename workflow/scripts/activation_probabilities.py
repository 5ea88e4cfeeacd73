"""Turn counts into activation probabilities."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.activations.counts import write_probabilities

    write_probabilities(
        counts_path=snakemake.input.counts,
        output=snakemake.output[0],
        **snakemake.params.settings,
    )
