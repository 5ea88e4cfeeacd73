"""Compare two models' neurons."""

from langneurons.job import entry

write_comparison = entry("langneurons.comparison.tables.write_comparison", snakemake)
write_comparison(
    before_path=snakemake.input.before,
    after_path=snakemake.input.after,
    phases_path=snakemake.input.phases,
    outputs=dict(snakemake.output.items()),
)
