"""Train the demo's translation model."""

from langneurons.job import job

with job(snakemake.log[0], snakemake.threads, snakemake.rule):
    from pathlib import Path

    import torch
    import yaml

    from langneurons.demo.translation import train_translation

    torch.set_num_threads(snakemake.threads)
    settings = yaml.safe_load(Path(snakemake.input.settings).read_text(encoding="utf-8"))
    folder = Path(snakemake.output.translation).parent
    train_translation(settings["translation"], settings["seed"], folder)
