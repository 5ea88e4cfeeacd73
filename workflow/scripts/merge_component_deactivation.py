"""Join the shares of a deactivation by component."""

from langneurons.job import entry

merge = entry("langneurons.components.deactivation.merge_component_deactivation", snakemake)
merge(paths=snakemake.input.shards, output=snakemake.output[0])
