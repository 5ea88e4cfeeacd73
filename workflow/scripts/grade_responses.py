"""Grade responses: the number, whether it is right, and the language."""

from langneurons.job import entry

write_grades = entry("langneurons.responses.grading.write_grades", snakemake)
write_grades(
    responses_path=snakemake.input.responses,
    corpus_path=snakemake.input.corpus,
    output=snakemake.output[0],
)
