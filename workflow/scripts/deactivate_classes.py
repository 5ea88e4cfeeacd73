"""Switch the neurons of a class off and measure every language: one share of the cells."""

from langneurons.job import entry, share

deactivate_classes = entry("langneurons.sharing.deactivation.deactivate_classes", snakemake)
deactivate_classes(
    card_path=snakemake.input.card,
    neurons_path=snakemake.input.neurons,
    tokens_path=snakemake.input.tokens,
    output=snakemake.output[0],
    code=snakemake.params.code,
    share=share(snakemake.wildcards.scatteritem),
)
