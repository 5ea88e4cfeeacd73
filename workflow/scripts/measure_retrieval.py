"""Look for the partners of parallel texts in a model's states, and score the texts."""

from langneurons.job import entry

measure_retrieval = entry("langneurons.retrieval.measuring.measure_retrieval", snakemake)
measure_retrieval(
    tokens_path=snakemake.input.tokens,
    corpus_path=snakemake.input.corpus,
    outputs=dict(snakemake.output.items()),
)
