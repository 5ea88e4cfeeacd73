"""Take the responses that came with the data."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.responses import write_responses

    write_responses(
        corpus_path=snakemake.input.corpus[0],
        output=snakemake.output[0],
        spec=None,
        template=snakemake.params.prompt,
        generation=None,
        languages=snakemake.params.languages,
    )
