"""Switch neurons off by component and stage: one share of the cells."""

from langneurons.job import entry, share

deactivate = entry("langneurons.components.deactivation.deactivate_components", snakemake)
deactivate(
    card_path=snakemake.input.card,
    corpus_path=snakemake.input.corpus,
    components_path=snakemake.input.components,
    segments_path=snakemake.input.get("segments"),
    tokens_path=snakemake.input.get("tokens"),
    output=snakemake.output[0],
    code=snakemake.params.code,
    share=share(snakemake.wildcards.scatteritem),
)
