"""Join the shares of a steering: answers, and shares of languages among them."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.interventions.steering_summary import merge_steering

    merge_steering(
        paths=snakemake.input.shards,
        outputs=dict(snakemake.output.items()),
        **snakemake.params.settings,
    )
