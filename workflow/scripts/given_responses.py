"""Take the responses that came with the data."""

from langneurons.job import entry

write_responses = entry("langneurons.responses.given.write_given_responses", snakemake)
write_responses(corpus_path=snakemake.input.corpus, output=snakemake.output[0])
