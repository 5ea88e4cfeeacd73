"""Write down facts in all languages, to be completed."""

from langneurons.job import entry

write_facts = entry("langneurons.corpora.facts.write_facts", snakemake)
write_facts(name=snakemake.wildcards.dataset, output=snakemake.output[0])
