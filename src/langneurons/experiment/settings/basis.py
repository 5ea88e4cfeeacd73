"""What the settings of many rules share."""

from collections.abc import Callable
from typing import Any

from langneurons.experiment.inventory import Inventory
from langneurons.experiment.made import Made
from langneurons.experiment.sections import PLACEMENT

Settings = dict[str, Any]
#: Rule → what returns its settings, given a job's wildcards.
Rules = dict[str, Callable[[Inventory, Any], Settings]]


def all_languages(experiment: Inventory, _wildcards: Any) -> Settings:
    """Return the K languages."""
    return {"languages": experiment.languages}


def spec_of(experiment: Inventory, wildcards: Any) -> Settings:
    """Return which checkpoint of a model is loaded, and how."""
    return {"spec": deciding(experiment.models[wildcards.model].spec)}


def source_spec_of(experiment: Inventory, made: Made) -> Settings:
    """Return the spec of the model that another one is made from."""
    return {"spec": deciding(experiment.models[made.source].spec)}


def deciding(settings: Settings, *left_out: str) -> Settings:
    """Leave out where a model is placed and how much it is given at a time, and other keys."""
    return {key: settings[key] for key in settings if key not in (*PLACEMENT, *left_out)}


def bootstrap(experiment: Inventory) -> Settings:
    """Return how many replicates are drawn, and their seed."""
    return experiment.config.uncertainty.settings("replicates", "seed")


def drawn_texts(experiment: Inventory) -> Settings:
    """Return how texts are drawn: folds or, of published counts, tokens."""
    effect = experiment.config.uncertainty.settings("design_effect")
    return {**bootstrap(experiment), **effect}


def compared(experiment: Inventory, wildcards: Any) -> Settings:
    """Return whom a comparison compares, and in which languages."""
    names = (wildcards.before, wildcards.after)
    made = experiment.models[wildcards.after].made
    return {
        "languages": experiment.languages,
        "pivot": experiment.config.pivot,
        "trained": experiment.trained(*names),
        "names": names,
        **({"control": made.control} if made and made.control else {}),
    }
