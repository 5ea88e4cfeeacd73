"""Name the phases, and say how certain their boundaries are."""

from langneurons.job import entry

write_phases = entry("langneurons.phases.table.write_phases", snakemake)
write_phases(
    segments_path=snakemake.input.segments,
    summary_path=snakemake.input.summary,
    counts_path=snakemake.input.counts,
    outputs=dict(snakemake.output.items()),
)
