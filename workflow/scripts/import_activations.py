"""Import published activation counts."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.released import import_counts

    import_counts(
        folder=snakemake.params.folder,
        languages=snakemake.params.languages,
        output=snakemake.output[0],
    )
