"""Change in accuracy from one model to another, with intervals."""

from langneurons.job import entry

write_accuracy_change = entry("langneurons.comparison.accuracy.write_accuracy_change", snakemake)
write_accuracy_change(
    before_path=snakemake.input.before, after_path=snakemake.input.after, output=snakemake.output[0]
)
