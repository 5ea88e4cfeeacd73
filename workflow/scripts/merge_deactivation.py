"""Join the shares of a deactivation: values by problem, and their means."""

from langneurons.job import entry

merge_deactivation = entry("langneurons.interventions.deactivation.merge_deactivation", snakemake)
merge_deactivation(
    paths=snakemake.input.shards, output=snakemake.output.table, problems=snakemake.output.problems
)
