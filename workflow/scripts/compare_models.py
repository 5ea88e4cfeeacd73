"""Compare two models' neurons."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.comparison.tables import write_comparison

    write_comparison(
        before_path=snakemake.input.before,
        after_path=snakemake.input.after,
        phases_path=snakemake.input.phases,
        outputs=dict(snakemake.output.items()),
        **snakemake.params.settings,
    )
