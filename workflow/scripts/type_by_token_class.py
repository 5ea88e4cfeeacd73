"""Type neurons anew on letters of each language's script."""

from langneurons.job import entry

write_token_classes = entry("langneurons.neurons.token_classes.write_token_classes", snakemake)
write_token_classes(
    neurons_path=snakemake.input.neurons,
    counts_path=snakemake.input.by_class,
    output=snakemake.output.types,
    shares=snakemake.output.tokens,
)
