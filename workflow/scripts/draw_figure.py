"""Draw one figure from its artefacts."""

from langneurons.job import entry

draw_figure = entry("langneurons.figures.frame.draw_figure", snakemake)
draw_figure(inputs=dict(snakemake.input.items()), outputs=dict(snakemake.output.items()))
