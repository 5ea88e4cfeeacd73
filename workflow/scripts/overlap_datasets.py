"""Overlap of one model's neuron types between datasets."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.comparison.tables import write_dataset_overlap

    settings = dict(snakemake.params.settings)
    write_dataset_overlap(
        paths=dict(zip(settings.pop("datasets"), snakemake.input.neurons, strict=True)),
        output=snakemake.output[0],
        **settings,
    )
