"""The share of facts that a model knows, by language."""

from langneurons.job import entry

summarise_cloze = entry("langneurons.facts.summary.summarise_cloze", snakemake)
summarise_cloze(cloze_path=snakemake.input.cloze, output=snakemake.output[0])
