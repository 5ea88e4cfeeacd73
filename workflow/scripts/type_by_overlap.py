"""Select language neurons whose activations overlap least between two groups of languages."""

from langneurons.job import entry

write_neurons_by_overlap = entry("langneurons.neurons.overlaps.write_neurons_by_overlap", snakemake)
write_neurons_by_overlap(
    overlaps_path=snakemake.input.overlaps,
    means_path=snakemake.input.means,
    output=snakemake.output.neurons,
    summary=snakemake.output.summary,
)
