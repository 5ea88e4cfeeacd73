"""Changes by deactivation with their intervals, and whether a language's own neurons matter."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.interventions.deactivation_changes import write_changes

    write_changes(
        problems_path=snakemake.input.problems,
        outputs=dict(snakemake.output.items()),
        **snakemake.params.settings,
    )
