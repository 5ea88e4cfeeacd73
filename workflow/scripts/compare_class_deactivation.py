"""Changes of the loss when the neurons of a class are off, with intervals."""

from langneurons.job import entry

compare = entry("langneurons.sharing.changes.compare_class_deactivation", snakemake)
compare(problems_path=snakemake.input.problems, output=snakemake.output[0])
