"""Find a method's neurons on either half of the texts."""

from langneurons.job import entry

write_halves = entry("langneurons.comparison.methods.write_halves", snakemake)
write_halves(counts_path=snakemake.input.counts, output=snakemake.output[0])
