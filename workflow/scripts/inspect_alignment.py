"""Refuse what cannot be aligned."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.alignment.inspection import inspect_alignment
    from langneurons.models.spec import ModelSpec

    settings = dict(snakemake.params.settings)
    inspect_alignment(
        output=snakemake.output[0],
        spec=ModelSpec.from_config(settings.pop("spec")),
        translation=ModelSpec.from_config(settings.pop("translation")),
        **settings,
    )
