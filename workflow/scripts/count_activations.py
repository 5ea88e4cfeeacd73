"""Count active neurons over one share of the response tokens."""

from langneurons.job import entry, share

collect_activations = entry("langneurons.activations.collection.collect_activations", snakemake)
collect_activations(
    tokens_path=snakemake.input.tokens,
    output=snakemake.output.counts,
    class_output=snakemake.output.by_class,
    share=share(snakemake.wildcards.scatteritem),
)
