"""Train a LoRA adapter on preference pairs."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.alignment.training import align
    from langneurons.models.spec import ModelSpec

    settings = dict(snakemake.params.settings)
    align(
        pairs_path=snakemake.input.pairs,
        adapters=snakemake.output.adapters,
        training_output=snakemake.output.training,
        code=snakemake.params.code,
        spec=ModelSpec.from_config(settings.pop("spec")),
        **settings,
    )
