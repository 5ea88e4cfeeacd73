"""Select the neurons of facts by language, and those of most languages."""

from langneurons.job import entry

select_fact_neurons = entry("langneurons.knowledge.summary.select_fact_neurons", snakemake)
select_fact_neurons(
    attributions_path=snakemake.input.attributions,
    card_path=snakemake.input.card,
    outputs=dict(snakemake.output.items()),
)
