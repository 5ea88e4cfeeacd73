"""Join the shares of doses."""

from langneurons.job import entry

merge_doses = entry("langneurons.interventions.merging.merge_doses", snakemake)
merge_doses(paths=snakemake.input.shards, output=snakemake.output[0])
