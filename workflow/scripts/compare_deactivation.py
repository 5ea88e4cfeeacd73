"""Changes under deactivation with intervals, and whether a language's own neurons matter."""

from langneurons.job import entry

write_changes = entry("langneurons.interventions.deactivation_changes.write_changes", snakemake)
write_changes(problems_path=snakemake.input.problems, outputs=dict(snakemake.output.items()))
