"""Join the shares of edits of facts."""

from langneurons.job import entry

merge = entry("langneurons.knowledge.editing.merge_fact_edits", snakemake)
merge(paths=snakemake.input.shards, output=snakemake.output[0])
