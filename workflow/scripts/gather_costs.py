"""What the jobs took that ran a model for each method."""

from langneurons.job import entry

write_cost = entry("langneurons.comparison.cost.write_cost", snakemake)
write_cost(paths=snakemake.input.statistics, output=snakemake.output[0])
