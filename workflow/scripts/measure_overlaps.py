"""Overlaps of histograms of activations, for each two languages."""

from langneurons.job import entry

measure_overlaps = entry("langneurons.activations.histograms.measure_overlaps", snakemake)
measure_overlaps(
    tokens_path=snakemake.input.tokens,
    output=snakemake.output.overlaps,
    means_output=snakemake.output.means,
)
