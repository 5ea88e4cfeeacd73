"""Select language neurons and type all neurons."""

from langneurons.job import entry

write_neurons = entry("langneurons.neurons.table.write_neurons", snakemake)
write_neurons(
    probabilities_path=snakemake.input.probabilities,
    output=snakemake.output.neurons,
    summary=snakemake.output.summary,
)
