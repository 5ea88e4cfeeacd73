"""Cut the layers into segments."""

from langneurons.job import entry

write_segments = entry("langneurons.phases.segmentation.write_segments", snakemake)
write_segments(
    neurons_path=snakemake.input.neurons,
    summary_path=snakemake.input.summary,
    outputs=dict(snakemake.output.items()),
)
