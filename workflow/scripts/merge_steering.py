"""Join the shares of a steering."""

from langneurons.job import entry

merge_steering = entry("langneurons.interventions.merging.merge_steering", snakemake)
merge_steering(paths=snakemake.input.shards, output=snakemake.output[0])
