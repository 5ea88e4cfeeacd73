"""Join the shares of a model's scores."""

from langneurons.job import entry

merge_scores = entry("langneurons.alignment.scoring.merge_scores", snakemake)
merge_scores(paths=snakemake.input.shards, output=snakemake.output[0])
