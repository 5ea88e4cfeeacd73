"""Join the shares of a model's scores."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.alignment.scoring import merge_scores

    merge_scores(
        paths=snakemake.input.shards,
        output=snakemake.output[0],
        **snakemake.params.settings,
    )
