"""Tokenise prompts and responses."""

from langneurons.job import entry

write_tokens = entry("langneurons.responses.tokens.write_model_tokens", snakemake)
write_tokens(
    responses_path=snakemake.input.responses,
    card_path=snakemake.input.card,
    output=snakemake.output[0],
)
