"""Tokenise prompts and responses."""

from langneurons.job import job

with job(snakemake.log[0], snakemake.threads):
    from langneurons.models.schema import read_card
    from langneurons.models.spec import ModelSpec
    from langneurons.responses.tokens import write_tokens

    settings = dict(snakemake.params.settings)
    write_tokens(
        responses_path=snakemake.input.responses,
        output=snakemake.output[0],
        context_length=read_card(snakemake.input.card)["context_length"],
        spec=ModelSpec.from_config(settings.pop("spec")),
        **settings,
    )
