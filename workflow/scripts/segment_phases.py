"""Cut the layers into phases."""

from langneurons.job import entry

write_phases = entry("langneurons.phases.segmentation.write_phases", snakemake)
write_phases(
    neurons_path=snakemake.input.neurons,
    summary_path=snakemake.input.summary,
    counts_path=snakemake.input.counts,
    outputs=dict(snakemake.output.items()),
)
