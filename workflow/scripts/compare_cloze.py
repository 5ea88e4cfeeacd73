"""How the share of known facts changes from one model to another, with intervals."""

from langneurons.job import entry

write_knowledge_change = entry("langneurons.facts.changes.write_knowledge_change", snakemake)
write_knowledge_change(
    before_path=snakemake.input.before,
    after_path=snakemake.input.after,
    output=snakemake.output[0],
)
