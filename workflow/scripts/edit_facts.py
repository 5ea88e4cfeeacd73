"""Suppress and enhance the neurons of facts: one share of the groups of prompts."""

from langneurons.job import entry, share

edit_facts = entry("langneurons.knowledge.editing.edit_facts", snakemake)
edit_facts(
    facts_path=snakemake.input.facts,
    cloze_path=snakemake.input.cloze,
    neurons_path=snakemake.input.neurons,
    output=snakemake.output[0],
    code=snakemake.params.code,
    share=share(snakemake.wildcards.scatteritem),
)
