"""Join the shares of a steering: answers, and shares of languages among them."""

from langneurons.job import entry

merge_steering = entry("langneurons.interventions.steering_summary.merge_steering", snakemake)
merge_steering(paths=snakemake.input.shards, outputs=dict(snakemake.output.items()))
