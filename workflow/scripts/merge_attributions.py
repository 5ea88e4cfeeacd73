"""Join the shares of attributions of facts."""

from langneurons.job import entry

merge = entry("langneurons.knowledge.attribution.merge_attributions", snakemake)
merge(paths=snakemake.input.shards, output=snakemake.output[0])
