"""How the numbers of neurons react to the settings, one varied at a time."""

from langneurons.job import entry

write_sensitivity = entry("langneurons.neurons.sensitivity.write_sensitivity", snakemake)
write_sensitivity(probabilities_path=snakemake.input.probabilities, output=snakemake.output[0])
