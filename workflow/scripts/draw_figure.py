"""Draw one figure from its artefacts."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.figures.frame import draw_figure

    draw_figure(
        inputs=dict(snakemake.input.items()),
        outputs=dict(snakemake.output.items()),
        **snakemake.params.settings,
    )
