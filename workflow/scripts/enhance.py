"""Train only a language's neurons and measure every language: one share of the cells."""

from langneurons.job import entry, share

enhance = entry("langneurons.components.enhancement.enhance", snakemake)
enhance(
    card_path=snakemake.input.card,
    corpus_path=snakemake.input.corpus,
    neurons_path=snakemake.input.neurons,
    training_path=snakemake.input.training,
    tokens_path=snakemake.input.get("tokens"),
    output=snakemake.output[0],
    code=snakemake.params.code,
    share=share(snakemake.wildcards.scatteritem),
)
