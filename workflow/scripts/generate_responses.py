"""Let a model respond to one share of a corpus."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.models.spec import ModelSpec
    from langneurons.responses import write_responses

    index, of = snakemake.wildcards.scatteritem.split("-of-")
    write_responses(
        corpus_path=snakemake.input.corpus[0],
        output=snakemake.output[0],
        spec=ModelSpec.from_config(snakemake.params.spec),
        template=snakemake.params.prompt,
        generation=snakemake.params.generation,
        languages=snakemake.params.languages,
        share=(int(index), int(of)),
    )
