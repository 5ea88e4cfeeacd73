"""Take the responses that came with the data."""

from langneurons.job import entry

write_responses = entry("langneurons.responses.collection.write_responses", snakemake)
write_responses(
    corpus_path=snakemake.input.corpus, output=snakemake.output[0], spec=None, generation=None
)
