"""Join the shares of an enhancement."""

from langneurons.job import entry

merge = entry("langneurons.components.enhancement.merge_enhancement", snakemake)
merge(paths=snakemake.input.shards, output=snakemake.output[0])
