"""Pairs of texts to translate, and what trains a tiny model on them."""

import pandas as pd

from langneurons.alignment.question_translation import train_translation
from langneurons.alignment.schema import TRAINING
from langneurons.alignment.translations import TRANSLATIONS
from langneurons.artifacts.tables import read_table, write_table

SETTINGS = {
    "rank": 4,
    "alpha": 8,
    "dropout": 0.0,
    "target_modules": "all-linear",
    "learning_rate": 1e-2,
    "schedule": "linear",
    "warmup_steps": 0,
    "batch": 1,
    "micro_batch": 1,
    "steps": 2,
    "checkpoints": [1],
    "logging_steps": 1,
    "evaluation_steps": 1,
    "gradient_checkpointing": False,
    "seed": 0,
}
#: Targets of different lengths.
PAIRS = [(f"de: {'q' * number}\nen: ", "r" + "st" * number) for number in range(8)]


def write_translations(path, pairs, dev=0, control=None):
    """Pairs of (prompt, target); the last ``dev`` of them are the dev split."""
    table = pd.DataFrame(pairs, columns=["prompt", "target"]).assign(
        language="de", target_language="en", source="-"
    )
    table["problem"] = [f"p{index}" for index in range(len(table))]
    table["split"] = ["train"] * (len(table) - dev) + ["dev"] * dev
    provenance = {"direction": "to_pivot", "pivot": "en", "control": control}
    write_table(table, path, TRANSLATIONS, provenance)
    return path


def train(folder, spec, pairs=PAIRS, dev=0, control=None, **changes):
    """Train an adapter and return its log."""
    folder.mkdir(exist_ok=True)
    path = write_translations(folder / "translations.parquet", list(pairs), dev, control)
    log = folder / "training.parquet"
    settings = {**SETTINGS, **changes}
    train_translation(path, folder / "adapters", log, spec, settings, progress=False)
    return read_table(log, TRAINING)


def adapters(folder):
    """The bytes of each adapter by its name."""
    files = sorted((folder / "adapters").glob("*/adapter_model.safetensors"))
    return {path.parent.name: path.read_bytes() for path in files}
