"""Sum the activation counts of all shares."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.activations.counts import merge_counts

    merge_counts(
        shards=snakemake.input.shards,
        output=snakemake.output[0],
        **snakemake.params.settings,
    )
