"""Look in which languages the neurons of a model are active, example by example."""

from langneurons.job import entry

measure_sharing = entry("langneurons.sharing.measuring.measure_sharing", snakemake)
measure_sharing(tokens_path=snakemake.input.tokens, outputs=dict(snakemake.output.items()))
