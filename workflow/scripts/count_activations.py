"""Count active neurons over one share of the response tokens."""

from typing import TYPE_CHECKING

from langneurons.job import job, share

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.activations.collection import collect_activations
    from langneurons.models.spec import ModelSpec

    settings = dict(snakemake.params.settings)
    collect_activations(
        tokens_path=snakemake.input.tokens,
        output=snakemake.output[0],
        share=share(snakemake.wildcards.scatteritem),
        spec=ModelSpec.from_config(settings.pop("spec")),
        **settings,
    )
