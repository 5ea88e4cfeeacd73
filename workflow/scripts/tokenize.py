"""Tokenise prompts and responses."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.models.cards import read_card
    from langneurons.models.spec import ModelSpec
    from langneurons.tokenization import write_tokens

    write_tokens(
        responses_path=snakemake.input.responses,
        spec=ModelSpec.from_config(snakemake.params.spec),
        output=snakemake.output[0],
        context_length=read_card(snakemake.input.card[0])["context_length"],
        empty=snakemake.params.empty,
    )
