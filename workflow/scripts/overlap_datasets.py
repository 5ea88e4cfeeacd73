"""Overlap of one model's neuron types between datasets."""

from langneurons.job import entry

write_dataset_overlap = entry("langneurons.comparison.tables.write_dataset_overlap", snakemake)
write_dataset_overlap(paths=snakemake.input.neurons, output=snakemake.output[0])
