"""Count active neurons over one share of the response tokens."""

from typing import TYPE_CHECKING

from langneurons.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log[0], snakemake.threads):
    from langneurons.activations import collect_activations
    from langneurons.models.spec import ModelSpec

    index, of = snakemake.wildcards.scatteritem.split("-of-")
    collect_activations(
        spec=ModelSpec.from_config(snakemake.params.spec),
        tokens_path=snakemake.input.tokens,
        output=snakemake.output[0],
        languages=snakemake.params.languages,
        folds=snakemake.params.folds,
        share=(int(index), int(of)),
        batch_tokens=snakemake.params.batch_tokens,
    )
