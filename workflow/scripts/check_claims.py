"""Judge the claims about one model."""

from langneurons.job import entry

write_claims = entry("langneurons.claims.table.write_claims", snakemake)
write_claims(paths=dict(snakemake.input.items()), output=snakemake.output[0])
