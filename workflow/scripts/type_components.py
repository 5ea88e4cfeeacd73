"""Type the neurons of each component of the layers."""

from langneurons.job import entry

write_components = entry("langneurons.neurons.components.write_components", snakemake)
write_components(counts_paths=snakemake.input.counts, output=snakemake.output[0])
