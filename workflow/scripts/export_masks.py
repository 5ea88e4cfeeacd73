"""Export the masks in the release's format."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.neurons.masks import write_masks

    write_masks(
        neurons_path=snakemake.input.neurons,
        output=snakemake.output[0],
        **snakemake.params.settings,
    )
