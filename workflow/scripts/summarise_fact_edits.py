"""What suppressing and enhancing the neurons of facts changes, with intervals."""

from langneurons.job import entry

summarise_fact_edits = entry("langneurons.knowledge.effects.summarise_fact_edits", snakemake)
summarise_fact_edits(edits_path=snakemake.input.edits, output=snakemake.output[0])
