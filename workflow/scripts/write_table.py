"""Write one of the tables of the paper."""

from langneurons.job import entry

write_paper_table = entry("langneurons.tables.frame.write_paper_table", snakemake)
write_paper_table(inputs=dict(snakemake.input.items()), outputs=dict(snakemake.output.items()))
