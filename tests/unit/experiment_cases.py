"""An experiment with everything in it, for tests of what follows from a configuration."""

from copy import deepcopy
from types import SimpleNamespace
from typing import Any

from langneurons.experiment.experiment import Experiment

LANGUAGES = ["en", "de", "sw"]
CONFIG = {
    "languages": LANGUAGES,
    "datasets": {
        "sums": {"format": "demo", "problems": 12},
        "tales": {"format": "hub", "path": "owner/tales", "columns": {"question": "text"}},
    },
    "models": {
        "base": {"path": "owner/base", "dtype": "float32"},
        "other": {"path": "owner/other", "responses_from": "base"},
        "reader": {"path": "owner/reader", "responses_from": "data"},
        "aligned": {
            "align": {"from": "base", "languages": ["sw"], "checkpoints": [20, 10]},
            "responses_from": "base",
        },
    },
    "comparisons": [
        {"before": "base", "after": "other", "trained": ["de"]},
        {"before": "base", "after": "aligned"},
    ],
    "alignment": {
        "questions": {"format": "demo", "problems": 8, "split": "training"},
        "translation": {"path": "owner/nllb", "codes": {"en": "e", "de": "d", "sw": "s"}},
        "training": {"steps": 40},
    },
    "accuracy": {},
    "deactivation": {"models": ["base"], "sets": ["specific"], "phases": True},
    "steering": {"models": ["base"], "languages": ["en", "sw"]},
}
#: Sections of `CONFIG` that say where models run and how much they are given at a time.
PLACED = {
    "models": {
        **CONFIG["models"],
        "base": {**CONFIG["models"]["base"], "device": "cuda:1", "device_map": "auto"},
    },
    "generation": {"batch_size": 3},
    "collection": {"batch_tokens": 50},
    "alignment": {
        **CONFIG["alignment"],
        "sampling": {"batch_size": 5},
        "translation": {
            **CONFIG["alignment"]["translation"], "device": "cpu", "batch_tokens": 70,
        },
    },
    "deactivation": {**CONFIG["deactivation"], "batch_size": 7},
    "steering": {**CONFIG["steering"], "batch_size": 9},
}  # fmt: skip


def experiment(**sections: Any) -> Experiment:
    """Return the experiment of `CONFIG` with whole sections replaced; None leaves one out."""
    config = {**deepcopy(CONFIG), **sections}
    return Experiment({key: value for key, value in config.items() if value is not None})


class Wildcards(SimpleNamespace):
    """Wildcards of a job as Snakemake hands them to a callable."""

    def items(self):
        return vars(self).items()


def selection(model: str = "base", dataset: str = "sums", method: str = "ternary") -> Wildcards:
    return Wildcards(model=model, dataset=dataset, method=method)
