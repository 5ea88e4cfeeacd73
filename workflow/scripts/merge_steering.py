"""Join the shares of a steering: the answers, and how many are in each language."""

from langneurons.job import entry

merge_steering = entry("langneurons.interventions.steering_summary.merge_steering", snakemake)
merge_steering(paths=snakemake.input.shards, outputs=dict(snakemake.output.items()))
