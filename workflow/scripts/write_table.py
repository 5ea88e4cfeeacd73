"""Write one of the tables of the paper."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.tables.frame import write_paper_table

    write_paper_table(
        inputs=dict(snakemake.input.items()),
        outputs=dict(snakemake.output.items()),
        **snakemake.params.settings,
    )
