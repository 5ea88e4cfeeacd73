"""Ask in one language and steer to another: one share of the cells."""

from langneurons.job import entry, share

steer = entry("langneurons.interventions.steering.steer", snakemake)
steer(
    card_path=snakemake.input.card,
    corpus_path=snakemake.input.corpus,
    neurons_path=snakemake.input.neurons,
    tokens_path=snakemake.input.tokens,
    probabilities_path=snakemake.input.get("probabilities"),
    output=snakemake.output[0],
    code=snakemake.params.code,
    share=share(snakemake.wildcards.scatteritem),
)
