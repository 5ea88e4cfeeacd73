"""Pair a model's samples by their scores."""

from langneurons.job import entry

write_pairs = entry("langneurons.alignment.pairs.write_pairs", snakemake)
write_pairs(
    responses_path=snakemake.input.samples,
    scores_path=snakemake.input.scores,
    corpus_path=snakemake.input.corpus,
    output=snakemake.output[0],
)
