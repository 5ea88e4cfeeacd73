"""Find the neurons of a method that reads overlaps on either half of the texts."""

from langneurons.job import entry

write_halves = entry("langneurons.comparison.methods.write_halves_by_overlap", snakemake)
write_halves(
    overlaps_path=snakemake.input.overlaps,
    means_path=snakemake.input.means,
    output=snakemake.output[0],
)
