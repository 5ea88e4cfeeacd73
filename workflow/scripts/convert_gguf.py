"""Turn a GGUF file into a checkpoint like any other."""

from langneurons.job import entry

convert_gguf = entry("langneurons.models.gguf.convert_gguf", snakemake)
convert_gguf(output=snakemake.output[0])
