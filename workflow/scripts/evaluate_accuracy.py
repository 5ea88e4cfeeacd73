"""Accuracy by language: number right, language right, both."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.responses.accuracy import write_accuracy

    write_accuracy(
        responses_path=snakemake.input.responses,
        output=snakemake.output[0],
        **snakemake.params.settings,
    )
