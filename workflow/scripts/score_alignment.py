"""Score one share of a model's samples by translation."""

from langneurons.job import entry, share

write_scores = entry("langneurons.alignment.scoring.write_scores", snakemake)
write_scores(
    responses_path=snakemake.input.samples,
    output=snakemake.output[0],
    share=share(snakemake.wildcards.scatteritem),
)
