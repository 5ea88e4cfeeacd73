"""Identify the languages of steered answers and summarise them."""

from langneurons.job import entry

summarise_steering = entry(
    "langneurons.interventions.steering_summary.summarise_steering", snakemake
)
summarise_steering(answers_path=snakemake.input.answers, outputs=dict(snakemake.output.items()))
