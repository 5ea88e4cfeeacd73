"""Changes of NLL by component and stage, with intervals."""

from langneurons.job import entry

summarise = entry("langneurons.components.summary.summarise_components", snakemake)
summarise(problems_path=snakemake.input.problems, outputs=dict(snakemake.output.items()))
