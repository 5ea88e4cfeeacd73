"""Change of accuracy from one model to another, with intervals."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.comparison.accuracy import write_accuracy_change

    write_accuracy_change(
        before_path=snakemake.input.before,
        after_path=snakemake.input.after,
        output=snakemake.output[0],
        **snakemake.params.settings,
    )
