"""Sum the activation counts of all shares, of all tokens and by class of token."""

from langneurons.job import entry

merge_activations = entry("langneurons.activations.class_counts.merge_activations", snakemake)
merge_activations(
    shards=snakemake.input.shards,
    class_shards=snakemake.input.class_shards,
    output=snakemake.output.counts,
    class_output=snakemake.output.by_class,
)
