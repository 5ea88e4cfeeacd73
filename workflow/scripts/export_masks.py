"""Export the masks in the release's format."""

from langneurons.job import entry

write_masks = entry("langneurons.neurons.masks.write_masks", snakemake)
write_masks(neurons_path=snakemake.input.neurons, output=snakemake.output[0])
