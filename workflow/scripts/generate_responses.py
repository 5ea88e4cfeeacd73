"""Let a model respond to one share of a corpus."""

from langneurons.job import entry, share

write_responses = entry("langneurons.responses.collection.write_responses", snakemake)
write_responses(
    corpus_path=snakemake.input.corpus,
    output=snakemake.output[0],
    code=snakemake.params.code,
    share=share(snakemake.wildcards.scatteritem),
)
