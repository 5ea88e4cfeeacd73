"""Divide the sums of a statistic by the numbers that they are over."""

from langneurons.job import entry

write_quotients = entry("langneurons.activations.sums.write_quotients", snakemake)
write_quotients(sums_path=snakemake.input.sums, output=snakemake.output[0])
