"""Settings of the rules that look for partners among parallel texts."""

from typing import Any

from langneurons.experiment.inventory import Inventory
from langneurons.experiment.settings.basis import (
    Rules,
    Settings,
    bootstrap,
    compared,
    spec_of,
)


def _measuring(experiment: Inventory, wildcards: Any) -> Settings:
    keys = ("problems", "loss_problems", "directions", "prompt")
    return {
        **spec_of(experiment, wildcards),
        "languages": experiment.languages,
        "pivot": experiment.config.pivot,
        "parameters": experiment.retrieval.settings(*keys),
    }


def _change(experiment: Inventory, wildcards: Any) -> Settings:
    return {**compared(experiment, wildcards), "uncertainty": bootstrap(experiment)}


SETTINGS: Rules = {"measure_retrieval": _measuring, "compare_retrieval": _change}
