"""Add up the relevance of neurons over all shares."""

from langneurons.job import entry

merge_sums = entry("langneurons.activations.sums.merge_sums", snakemake)
merge_sums(shards=snakemake.input.shards, output=snakemake.output[0])
