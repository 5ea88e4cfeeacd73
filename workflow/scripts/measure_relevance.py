"""Sum the relevance of neurons over one share of the response tokens."""

from langneurons.job import entry, share

measure_relevance = entry("langneurons.activations.relevance.measure_relevance", snakemake)
measure_relevance(
    tokens_path=snakemake.input.tokens,
    output=snakemake.output[0],
    share=share(snakemake.wildcards.scatteritem),
)
