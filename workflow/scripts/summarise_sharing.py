"""Shares of the classes of neurons by layer, with intervals."""

from langneurons.job import entry

summarise_sharing = entry("langneurons.sharing.summary.summarise_sharing", snakemake)
summarise_sharing(problems_path=snakemake.input.problems, output=snakemake.output[0])
