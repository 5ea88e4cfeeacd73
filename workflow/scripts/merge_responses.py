"""Join the shares of a model's responses."""

from langneurons.job import entry

merge_responses = entry("langneurons.responses.collection.merge_responses", snakemake)
merge_responses(paths=snakemake.input.shards, output=snakemake.output[0])
