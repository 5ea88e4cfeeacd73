"""Add up the shares of one component's counts."""

from langneurons.job import entry

merge_counts = entry("langneurons.activations.counts.merge_counts", snakemake)
merge_counts(shards=snakemake.input.shards, output=snakemake.output[0])
