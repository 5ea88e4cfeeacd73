"""Changes of NLL by dose, with intervals."""

from langneurons.job import entry

summarise_doses = entry("langneurons.interventions.dose_summary.summarise_doses", snakemake)
summarise_doses(problems_path=snakemake.input.problems, output=snakemake.output[0])
