"""Check a model before any work, and write its card."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.models.cards import write_card
    from langneurons.models.spec import ModelSpec

    settings = dict(snakemake.params.settings)
    write_card(
        writer_card=snakemake.input.get("writer"),
        output=snakemake.output[0],
        spec=ModelSpec.from_config(settings.pop("spec")),
        **settings,
    )
