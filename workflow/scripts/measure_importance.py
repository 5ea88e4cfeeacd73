"""Count the texts in which each neuron is among the most important of its layer."""

from langneurons.job import entry, share

measure_importance = entry("langneurons.importance.collection.measure_importance", snakemake)
measure_importance(
    tokens_path=snakemake.input.tokens,
    outputs=list(snakemake.output),
    share=share(snakemake.wildcards.scatteritem),
)
