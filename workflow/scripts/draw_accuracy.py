"""Draw accuracy by language of every model on a dataset."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.figures.accuracy import draw_accuracy

    draw_accuracy(
        accuracies=dict(zip(snakemake.params.models, snakemake.input.accuracies, strict=True)),
        outputs=dict(snakemake.output.items()),
        title=snakemake.params.title,
        style=snakemake.params.style,
    )
