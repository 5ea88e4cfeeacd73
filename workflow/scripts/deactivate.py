"""Switch neurons off and measure what is lost: one share of the cells."""

from typing import TYPE_CHECKING

from langneurons.job import job, share

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.interventions.deactivation import deactivate
    from langneurons.models.spec import ModelSpec

    settings = dict(snakemake.params.settings)
    deactivate(
        card_path=snakemake.input.card,
        corpus_path=snakemake.input.corpus,
        neurons_path=snakemake.input.get("neurons"),
        mask_path=snakemake.input.get("mask"),
        tokens_path=snakemake.input.get("tokens"),
        phases_path=snakemake.input.get("phases"),
        output=snakemake.output[0],
        code=snakemake.params.code,
        share=share(snakemake.wildcards.scatteritem),
        spec=ModelSpec.from_config(settings.pop("spec")),
        **settings,
    )
