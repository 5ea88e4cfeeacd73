"""Identify the languages of steered answers and summarise them."""

from langneurons.job import entry

summarise_steering = entry(
    "langneurons.interventions.steering_summary.summarise_steering", snakemake
)
summarise_steering(
    answers_path=snakemake.input.answers,
    corpus_path=snakemake.input.corpus,
    outputs=dict(snakemake.output.items()),
)
