"""Read a dataset into the corpus table."""

from langneurons.job import entry

write_corpus = entry("langneurons.corpora.assembly.write_corpus", snakemake)
write_corpus(name=snakemake.wildcards.dataset, output=snakemake.output[0])
