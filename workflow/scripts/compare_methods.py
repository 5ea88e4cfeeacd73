"""How far methods find the same neurons."""

from langneurons.job import entry

write_agreement = entry("langneurons.comparison.methods.write_agreement", snakemake)
write_agreement(
    neurons_paths=snakemake.input.neurons,
    halves_paths=snakemake.input.halves,
    output=snakemake.output[0],
)
