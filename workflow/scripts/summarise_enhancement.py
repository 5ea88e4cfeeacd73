"""Changes of NLL after training, with intervals."""

from langneurons.job import entry

summarise = entry("langneurons.components.summary.summarise_enhancement", snakemake)
summarise(problems_path=snakemake.input.problems, outputs=dict(snakemake.output.items()))
