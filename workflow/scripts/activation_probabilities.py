"""Turn counts into activation probabilities."""

from langneurons.job import entry

write_probabilities = entry("langneurons.activations.counts.write_probabilities", snakemake)
write_probabilities(counts_path=snakemake.input.counts, output=snakemake.output[0])
