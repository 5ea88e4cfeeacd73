"""Attribute the facts that a model knows to its neurons: one share of them."""

from langneurons.job import entry, share

attribute_facts = entry("langneurons.knowledge.attribution.attribute_facts", snakemake)
attribute_facts(
    facts_path=snakemake.input.facts,
    cloze_path=snakemake.input.cloze,
    output=snakemake.output[0],
    code=snakemake.params.code,
    share=share(snakemake.wildcards.scatteritem),
)
