"""Read a dataset into the corpus table."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.corpora.assembly import write_corpus

    write_corpus(
        name=snakemake.wildcards.dataset,
        output=snakemake.output[0],
        **snakemake.params.settings,
    )
