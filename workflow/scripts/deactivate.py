"""Switch neurons off and measure what each language loses: one share of the cells."""

from langneurons.job import entry, share

deactivate = entry("langneurons.interventions.deactivation.deactivate", snakemake)
deactivate(
    card_path=snakemake.input.card,
    corpus_path=snakemake.input.corpus,
    neurons_path=snakemake.input.get("neurons"),
    mask_path=snakemake.input.get("mask"),
    tokens_path=snakemake.input.get("tokens"),
    phases_path=snakemake.input.get("phases"),
    probabilities_path=snakemake.input.get("probabilities"),
    facts_path=snakemake.input.get("facts"),
    output=snakemake.output[0],
    code=snakemake.params.code,
    share=share(snakemake.wildcards.scatteritem),
)
