"""Join the shares of a deactivation: values by problem, and their means."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.interventions.deactivation import merge_deactivation

    merge_deactivation(
        paths=snakemake.input.shards,
        output=snakemake.output.table,
        problems=snakemake.output.problems,
        **snakemake.params.settings,
    )
