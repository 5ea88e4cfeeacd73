"""How retrieval and losses change from one model to another, with intervals."""

from langneurons.job import entry

found = snakemake.input
write_retrieval_change = entry("langneurons.retrieval.changes.write_retrieval_change", snakemake)
write_retrieval_change(
    before={"partners": found.before, "losses": found.before_losses},
    after={"partners": found.after, "losses": found.after_losses},
    output=snakemake.output[0],
)
