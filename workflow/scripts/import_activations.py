"""Import published activation counts."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.activations.published import import_counts

    import_counts(
        output=snakemake.output[0],
        **snakemake.params.settings,
    )
