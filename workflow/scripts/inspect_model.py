"""Check a model before any work, and write its card."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.models.cards import write_card
    from langneurons.models.spec import ModelSpec

    write_card(
        spec=ModelSpec.from_config(snakemake.params.spec),
        output=snakemake.output[0],
        writer_card=snakemake.input.get("writer") or None,
    )
