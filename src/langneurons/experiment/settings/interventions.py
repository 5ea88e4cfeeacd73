"""Settings of the rules that switch neurons off or raise them."""

from typing import Any

from langneurons.experiment.components import ComponentDeactivation
from langneurons.experiment.declared import methods
from langneurons.experiment.doses import Doses
from langneurons.experiment.inventory import Inventory
from langneurons.experiment.settings.basis import (
    Rules,
    Settings,
    bootstrap,
    deciding,
    spec_of,
)
from langneurons.responses.prompts import PLAIN


def _answers(experiment: Inventory) -> Settings:
    """How models answer in interventions, unless their sections say otherwise."""
    return experiment.config.generation.settings("max_new_tokens")


def _deactivation(experiment: Inventory, wildcards: Any) -> Settings:
    stage = experiment.deactivation.settings()
    kept = deciding(stage, "methods", "masks", "models", "phases", "facts")
    kept["sets"] = _sets(experiment, wildcards.method)
    kept["accuracy"] = stage["accuracy"] and experiment.grades(wildcards.dataset)
    if experiment.holds_texts(wildcards.dataset):
        kept["texts"] = "texts"
    return {
        **spec_of(experiment, wildcards),
        "template": template_of(experiment, wildcards),
        "parameters": {**_answers(experiment), **kept},
        "languages": experiment.languages,
    }


def _sets(experiment: Inventory, method: str) -> list[str]:
    """Names of the sets of a method's neurons; without related neurons two of them are the same."""
    sets: list[str] = list(experiment.deactivation.sets)
    related = method == "mask" or methods()[method].related
    if not related and "specific" in sets:
        return [name for name in sets if name != "specific+related"]
    return sets


def template_of(experiment: Inventory, wildcards: Any) -> str:
    """Return the text around a question; a text is continued as it is."""
    texts = experiment.holds_texts(wildcards.dataset)
    return PLAIN if texts else experiment.config.prompt


def _deactivated_sets(experiment: Inventory, wildcards: Any) -> Settings:
    """Names of the sets of neurons, in order; each is followed by its parts, phase by phase.

    Last, where both are there, the control of what related neurons add to specific ones.
    """
    stage = experiment.deactivation
    segments = experiment.config.phases.segments if stage.phases else 0
    sets = [
        part
        for name in _sets(experiment, wildcards.method)
        for part in [name, *(f"{name}@phase {phase}" for phase in range(1, segments + 1))]
    ]
    if {"specific", "specific+related"} <= {*sets} and stage.control_seeds:
        sets.append("specific+random")
    return {
        "languages": experiment.languages,
        "sets": ["mask"] if wildcards.method == "mask" else sets,
    }


def _deactivation_changes(experiment: Inventory, wildcards: Any) -> Settings:
    return {**_deactivated_sets(experiment, wildcards), "uncertainty": bootstrap(experiment)}


def _doses(experiment: Inventory, wildcards: Any) -> Settings:
    stage = experiment.doses.settings()
    kept = deciding(stage, "methods", "models", "margin")
    kept |= chosen_and_measured(experiment.doses, experiment)
    kept["texts"] = "texts" if experiment.holds_texts(wildcards.dataset) else "prompt"
    return {
        **spec_of(experiment, wildcards),
        "template": template_of(experiment, wildcards),
        "parameters": kept,
        **_dosed(experiment, wildcards),
    }


def chosen_and_measured(section: Doses | ComponentDeactivation, experiment: Inventory) -> Settings:
    """Return whose neurons a stage changes, and which languages are measured each time."""
    return {
        "languages": section.languages or experiment.languages,
        "measured": section.measured or experiment.languages,
    }


def _dosed(experiment: Inventory, _wildcards: Any) -> Settings:
    """Return the methods and languages of doses."""
    return {
        "methods": experiment.doses.methods or experiment.methods,
        "languages": experiment.languages,
    }


def _dose_summary(experiment: Inventory, wildcards: Any) -> Settings:
    return {**_dosed(experiment, wildcards), "margin": experiment.doses.margin}


def _steering(experiment: Inventory, wildcards: Any) -> Settings:
    stage = experiment.steering.settings()
    kept = deciding(stage, "methods", "models", "mode", "factor", "max_repetition")
    kept |= {"modes": stage["mode"], "factors": stage["factor"]}
    return {
        **spec_of(experiment, wildcards),
        "template": template_of(experiment, wildcards),
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
        "max_repetition": experiment.steering.max_repetition,
    }


SETTINGS: Rules = {
    "deactivate": _deactivation,
    "merge_deactivation": _deactivated_sets,
    "compare_deactivation": _deactivation_changes,
    "measure_doses": _doses,
    "merge_doses": _dosed,
    "summarise_doses": _dose_summary,
    "steer": _steering,
    "merge_steering": _steering_shares,
    "summarise_steering": _steering_summary,
}
