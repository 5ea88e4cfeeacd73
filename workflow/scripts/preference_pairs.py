"""Pair a model's samples by their scores."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.alignment.pairs import write_pairs

    write_pairs(
        responses_path=snakemake.input.samples,
        scores_path=snakemake.input.scores,
        output=snakemake.output[0],
        **snakemake.params.settings,
    )
