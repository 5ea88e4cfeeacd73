"""Cut the layers into phases."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.phases.segmentation import write_phases

    write_phases(
        neurons_path=snakemake.input.neurons,
        summary_path=snakemake.input.summary,
        counts_path=snakemake.input.counts,
        outputs=dict(snakemake.output.items()),
        **snakemake.params.settings,
    )
