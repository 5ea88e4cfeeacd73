"""Merge an adapter into the model that it was trained on."""

from langneurons.job import entry

merge_adapter = entry("langneurons.alignment.checkpoints.merge_adapter", snakemake)
merge_adapter(adapters=snakemake.input.adapters, output=snakemake.output[0])
