"""Merge an adapter into the model that it was trained on."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.alignment.checkpoints import merge_adapter
    from langneurons.models.spec import ModelSpec

    settings = dict(snakemake.params.settings)
    merge_adapter(
        adapter=f"{snakemake.input.adapters}/step-{settings.pop('step')}",
        output=snakemake.output[0],
        spec=ModelSpec.from_config(settings.pop("spec")),
        **settings,
    )
