"""Settings of the rules that switch neurons off or raise them."""

from typing import Any

from langneurons.experiment.inventory import Inventory
from langneurons.experiment.settings.basis import (
    Rules,
    Settings,
    bootstrap,
    deciding,
    spec_of,
)


def _answers(experiment: Inventory) -> Settings:
    """How models answer in interventions, unless their sections say otherwise."""
    return experiment.config.generation.settings("max_new_tokens")


def _deactivation(experiment: Inventory, wildcards: Any) -> Settings:
    stage = experiment.deactivation.settings()
    kept = deciding(stage, "methods", "masks", "models", "phases")
    return {
        **spec_of(experiment, wildcards),
        "template": experiment.config.prompt,
        "parameters": {**_answers(experiment), **kept},
        "languages": experiment.languages,
    }


def _deactivated_sets(experiment: Inventory, wildcards: Any) -> Settings:
    """Names of the sets of neurons, in order; each is followed by its parts, phase by phase."""
    stage = experiment.deactivation
    segments = experiment.config.phases.segments if stage.phases else 0
    sets = [
        part
        for name in stage.sets
        for part in [name, *(f"{name}@phase {phase}" for phase in range(1, segments + 1))]
    ]
    return {
        "languages": experiment.languages,
        "sets": ["mask"] if wildcards.method == "mask" else sets,
    }


def _deactivation_changes(experiment: Inventory, wildcards: Any) -> Settings:
    return {**_deactivated_sets(experiment, wildcards), "uncertainty": bootstrap(experiment)}


def _steering(experiment: Inventory, wildcards: Any) -> Settings:
    stage = experiment.steering.settings()
    kept = deciding(stage, "methods", "models")
    return {
        **spec_of(experiment, wildcards),
        "template": experiment.config.prompt,
        "parameters": {
            **_answers(experiment),
            "languages": experiment.languages,
            **kept,
        },
        "languages": experiment.languages,
    }


def _steered(experiment: Inventory) -> list[str]:
    return experiment.steering.languages or experiment.languages


def _steering_shares(experiment: Inventory, _wildcards: Any) -> Settings:
    return {"languages": _steered(experiment)}


def _steering_summary(experiment: Inventory, _wildcards: Any) -> Settings:
    return {
        "languages": experiment.languages,
        "steered": _steered(experiment),
        "pivot": experiment.config.pivot,
        "uncertainty": bootstrap(experiment),
    }


SETTINGS: Rules = {
    "deactivate": _deactivation,
    "merge_deactivation": _deactivated_sets,
    "compare_deactivation": _deactivation_changes,
    "steer": _steering,
    "merge_steering": _steering_shares,
    "summarise_steering": _steering_summary,
}
