"""Settings of the rules that judge claims."""

from typing import Any

from langneurons.experiment.declared import methods
from langneurons.experiment.inventory import Inventory
from langneurons.experiment.settings import analysis
from langneurons.experiment.settings.basis import Rules, Settings


def _margin(experiment: Inventory) -> Settings:
    return experiment.config.comparison.settings("margin")


def _of_model(experiment: Inventory, wildcards: Any) -> Settings:
    """How a model's neurons are typed in draws of its texts, and what its claims name."""
    return {
        **analysis.SETTINGS["resample_neurons"](experiment, wildcards),
        "dataset": wildcards.dataset,
        "pivot": experiment.config.pivot,
        **_margin(experiment),
    }


def _of_alignment(experiment: Inventory, wildcards: Any) -> Settings:
    """How two models are compared, and from where on a change counts."""
    return {
        **analysis.SETTINGS["compare_models"](experiment, wildcards),
        "related": methods()[wildcards.method].related,
        **_margin(experiment),
    }


SETTINGS: Rules = {"check_claims": _of_model, "check_alignment_claims": _of_alignment}
