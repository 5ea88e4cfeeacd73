"""Train a LoRA adapter to translate questions."""

from langneurons.job import entry

train_translation = entry("langneurons.alignment.question_translation.train_translation", snakemake)
train_translation(
    pairs_path=snakemake.input.pairs,
    adapters=snakemake.output.adapters,
    training_output=snakemake.output.training,
    code=snakemake.params.code,
)
