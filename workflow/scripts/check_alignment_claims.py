"""Judge the claims about an alignment."""

from langneurons.job import entry

write_alignment_claims = entry("langneurons.claims.table.write_alignment_claims", snakemake)
write_alignment_claims(paths=dict(snakemake.input.items()), output=snakemake.output[0])
