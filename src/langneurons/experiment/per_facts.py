"""What figures and tables about facts are made once for, and comparisons with their controls."""

from collections.abc import Sequence
from typing import Any

from langneurons.experiment.inventory import Inventory


def with_controls(experiment: Inventory, measured: Sequence[str]) -> list[dict[str, Any]]:
    """Return the comparisons all of whose models are measured, each with its controls."""
    found = []
    for configured in experiment.config.comparisons:
        sides = {"before": configured.before, "after": configured.after}
        compared = [sides["after"], *experiment.controls(sides)]
        if {sides["before"], *compared} <= set(measured):
            found.append(
                {
                    "pair": "{before}-vs-{after}".format(**sides),
                    "shown": "{before} → {after}".format(**sides),
                    "before": [sides["before"]] * len(compared),
                    "after": compared,
                }
            )
    return found


def cloze(experiment: Inventory) -> list[dict[str, Any]]:
    """Data sets of facts, with all models that are asked for them side by side."""
    models = experiment.models_of("cloze")
    return [{"dataset": name, "models": models} for name in experiment.facts if models]


def cloze_comparisons(experiment: Inventory) -> list[dict[str, Any]]:
    """Comparisons of models that are asked for facts, each with its controls."""
    found = with_controls(experiment, experiment.models_of("cloze"))
    return [{**keys, "dataset": dataset} for keys in found for dataset in experiment.facts]


def knowledge(experiment: Inventory) -> list[dict[str, Any]]:
    """Models and data sets of facts that are attributed to neurons."""
    return [
        {"model": model, "dataset": dataset}
        for model in experiment.models_of("knowledge")
        for dataset in experiment.facts
    ]
