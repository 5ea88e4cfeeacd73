"""Check a model before any work, and write its card."""

from langneurons.job import entry

write_card = entry("langneurons.models.cards.write_card", snakemake)
write_card(writer_card=snakemake.input.get("writer"), output=snakemake.output[0])
