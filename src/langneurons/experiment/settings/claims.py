"""Settings of the rules that judge claims."""

from typing import Any

from langneurons.experiment.claims import others
from langneurons.experiment.declared import methods
from langneurons.experiment.inventory import Inventory
from langneurons.experiment.settings.analysis import typing_of
from langneurons.experiment.settings.basis import Rules, Settings, bootstrap
from langneurons.experiment.statistics import component_methods


def _of_model(experiment: Inventory, wildcards: Any) -> Settings:
    """What claims about a model name, and how problems are drawn."""
    steering = experiment.config.steering
    by_component = {}
    if wildcards.method in component_methods(experiment):
        typing = typing_of(experiment, wildcards)
        by_component = {"by_component": {key: typing[key] for key in ("method", "parameters")}}
    return {
        "dataset": wildcards.dataset,
        "languages": experiment.languages,
        "pivot": experiment.config.pivot,
        **bootstrap(experiment),
        "others": others(experiment, wildcards.method),
        **(steering.settings("max_repetition") if steering else {}),
        **experiment.config.comparison.settings("margin"),
        **by_component,
    }


def _of_alignment(experiment: Inventory, wildcards: Any) -> Settings:
    """Which languages were trained on, and from where on a change counts."""
    return {
        "languages": experiment.languages,
        "pivot": experiment.config.pivot,
        "trained": experiment.trained(wildcards.before, wildcards.after),
        "related": methods()[wildcards.method].related,
        "others": others(experiment, wildcards.method),
        **experiment.config.comparison.settings("margin"),
    }


SETTINGS: Rules = {"check_claims": _of_model, "check_alignment_claims": _of_alignment}
