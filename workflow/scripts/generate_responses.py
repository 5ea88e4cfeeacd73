"""Let a model respond to one share of a corpus."""

from typing import TYPE_CHECKING

from langneurons.job import job, share

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.models.spec import ModelSpec
    from langneurons.responses.collection import write_responses

    settings = dict(snakemake.params.settings)
    write_responses(
        corpus_path=snakemake.input.corpus,
        output=snakemake.output[0],
        share=share(snakemake.wildcards.scatteritem),
        spec=ModelSpec.from_config(settings.pop("spec")),
        **settings,
    )
