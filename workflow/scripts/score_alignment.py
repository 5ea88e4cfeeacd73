"""Score one share of a model's samples by translation."""

from typing import TYPE_CHECKING

from langneurons.job import job, share

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.alignment.scoring import write_scores
    from langneurons.models.spec import ModelSpec

    settings = dict(snakemake.params.settings)
    write_scores(
        responses_path=snakemake.input.samples,
        output=snakemake.output[0],
        share=share(snakemake.wildcards.scatteritem),
        spec=ModelSpec.from_config(settings.pop("translation")),
        **settings,
    )
