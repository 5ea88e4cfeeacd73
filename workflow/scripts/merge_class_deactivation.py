"""Join the shares of a deactivation by class."""

from langneurons.job import entry

merge = entry("langneurons.sharing.deactivation.merge_class_deactivation", snakemake)
merge(paths=snakemake.input.shards, output=snakemake.output[0])
