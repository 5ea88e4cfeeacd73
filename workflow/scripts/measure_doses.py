"""Switch first neurons off, by each method's rank: one share of the cells."""

from langneurons.job import entry, share

measure_doses = entry("langneurons.interventions.doses.measure_doses", snakemake)
measure_doses(
    card_path=snakemake.input.card,
    corpus_path=snakemake.input.corpus,
    neurons_paths=snakemake.input.neurons,
    tokens_path=snakemake.input.get("tokens"),
    probabilities_path=snakemake.input.get("probabilities"),
    output=snakemake.output[0],
    code=snakemake.params.code,
    share=share(snakemake.wildcards.scatteritem),
)
