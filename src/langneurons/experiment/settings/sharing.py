"""Settings of the rules about neurons that languages share."""

from typing import Any

from langneurons.experiment.inventory import Inventory
from langneurons.experiment.settings.basis import (
    Rules,
    Settings,
    all_languages,
    bootstrap,
    spec_of,
)


def _measuring(experiment: Inventory, wildcards: Any) -> Settings:
    read = "text" if experiment.holds_texts(wildcards.dataset) else "prompt"
    return {
        **spec_of(experiment, wildcards),
        "languages": experiment.languages,
        "parameters": {**experiment.sharing.settings("problems"), "read": read},
    }


def _summary(experiment: Inventory, wildcards: Any) -> Settings:
    return {"dataset": wildcards.dataset, "uncertainty": bootstrap(experiment)}


def _deactivation(experiment: Inventory, wildcards: Any) -> Settings:
    stage = experiment.sharing
    texts = "texts" if experiment.holds_texts(wildcards.dataset) else stage.texts
    return {
        **spec_of(experiment, wildcards),
        "languages": experiment.languages,
        "parameters": {
            "texts": texts,
            "problems": stage.deactivated_problems,
            "control_seeds": stage.control_seeds,
        },
    }


def _changes(experiment: Inventory, _wildcards: Any) -> Settings:
    return {"languages": experiment.languages, "uncertainty": bootstrap(experiment)}


SETTINGS: Rules = {
    "measure_sharing": _measuring,
    "summarise_sharing": _summary,
    "deactivate_classes": _deactivation,
    "merge_class_deactivation": all_languages,
    "compare_class_deactivation": _changes,
}
