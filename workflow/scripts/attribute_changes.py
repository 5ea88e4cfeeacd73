"""Set the changes of an alignment against those of its controls."""

from langneurons.job import entry

write_attribution = entry("langneurons.comparison.attribution.write_attribution", snakemake)
write_attribution(
    tables={name: list(paths) for name, paths in snakemake.input.items()},
    output=snakemake.output[0],
)
