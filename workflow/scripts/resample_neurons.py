"""Type neurons anew in draws of the texts."""

from langneurons.job import entry

write_stability = entry("langneurons.neurons.stability.write_stability", snakemake)
write_stability(counts_path=snakemake.input.counts, outputs=dict(snakemake.output.items()))
