"""Grade the answers of a deactivation and average its measures."""

from langneurons.job import entry

grade_deactivation = entry(
    "langneurons.interventions.deactivation_summary.grade_deactivation", snakemake
)
grade_deactivation(
    answers_path=snakemake.input.answers,
    corpus_path=snakemake.input.corpus,
    outputs=dict(snakemake.output.items()),
)
