"""Train the demo's base model."""

from langneurons.job import job

with job(snakemake.log[0], snakemake.threads, snakemake.rule):
    from pathlib import Path

    import torch
    import yaml

    from langneurons.demo.training import train_demo

    torch.set_num_threads(snakemake.threads)
    settings = yaml.safe_load(Path(snakemake.input.settings).read_text(encoding="utf-8"))
    train_demo(settings, Path(snakemake.output.base).parent)
