"""Refuse to analyse questions that models are aligned by."""

from langneurons.job import entry

check_questions = entry("langneurons.alignment.questions.check_questions", snakemake)
check_questions(
    questions_path=snakemake.input.questions,
    corpus_path=snakemake.input.corpus,
    output=snakemake.output[0],
)
