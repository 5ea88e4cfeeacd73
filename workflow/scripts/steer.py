"""Ask in one language and steer to another: one share of the cells."""

from typing import TYPE_CHECKING

from langneurons.job import job, share

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.interventions.steering import steer
    from langneurons.models.spec import ModelSpec

    settings = dict(snakemake.params.settings)
    steer(
        card_path=snakemake.input.card,
        corpus_path=snakemake.input.corpus,
        neurons_path=snakemake.input.neurons,
        tokens_path=snakemake.input.tokens,
        output=snakemake.output[0],
        code=snakemake.params.code,
        share=share(snakemake.wildcards.scatteritem),
        spec=ModelSpec.from_config(settings.pop("spec")),
        **settings,
    )
