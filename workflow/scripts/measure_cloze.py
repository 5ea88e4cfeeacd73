"""Ask a model for facts, in all languages."""

from langneurons.job import entry

measure_cloze = entry("langneurons.facts.measuring.measure_cloze", snakemake)
measure_cloze(
    card_path=snakemake.input.card,
    facts_path=snakemake.input.facts,
    output=snakemake.output[0],
)
