"""Refuse what cannot be aligned."""

from langneurons.job import entry

inspect_alignment = entry("langneurons.alignment.inspection.inspect_alignment", snakemake)
inspect_alignment(output=snakemake.output[0])
