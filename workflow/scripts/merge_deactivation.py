"""Join the shares of a deactivation."""

from langneurons.job import entry

merge_deactivation = entry("langneurons.interventions.merging.merge_deactivation", snakemake)
merge_deactivation(paths=snakemake.input.shards, output=snakemake.output[0])
