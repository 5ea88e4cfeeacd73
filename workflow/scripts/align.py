"""Train a LoRA adapter on preference pairs."""

from langneurons.job import entry

align = entry("langneurons.alignment.training.align", snakemake)
align(
    pairs_path=snakemake.input.pairs,
    adapters=snakemake.output.adapters,
    training_output=snakemake.output.training,
    code=snakemake.params.code,
)
