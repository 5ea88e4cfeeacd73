"""Accuracy by language: number right, language right, both."""

from langneurons.job import entry

write_accuracy = entry("langneurons.responses.accuracy.write_accuracy", snakemake)
write_accuracy(grades_path=snakemake.input.grades, output=snakemake.output[0])
