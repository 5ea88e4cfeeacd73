"""Pair questions with their translations."""

from langneurons.job import entry

write_translations = entry("langneurons.alignment.translations.write_translations", snakemake)
write_translations(corpus_path=snakemake.input.corpus, output=snakemake.output[0])
