"""Import published activation counts."""

from langneurons.job import entry

import_counts = entry("langneurons.activations.published.import_counts", snakemake)
import_counts(output=snakemake.output[0])
