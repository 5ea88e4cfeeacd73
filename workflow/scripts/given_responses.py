"""Take the responses that came with the data."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.responses.collection import write_responses

    write_responses(
        corpus_path=snakemake.input.corpus,
        output=snakemake.output[0],
        spec=None,
        generation=None,
        **snakemake.params.settings,
    )
