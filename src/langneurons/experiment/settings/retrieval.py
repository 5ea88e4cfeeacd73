"""Settings of the rules that look for partners among parallel texts."""

from typing import Any

from langneurons.experiment.inventory import Inventory
from langneurons.experiment.settings.basis import Rules, Settings, bootstrap, spec_of


def _measuring(experiment: Inventory, wildcards: Any) -> Settings:
    keys = ("problems", "loss_problems", "directions", "prompt")
    return {
        **spec_of(experiment, wildcards),
        "languages": experiment.languages,
        "pivot": experiment.config.pivot,
        "parameters": experiment.retrieval.settings(*keys),
    }


def _change(experiment: Inventory, wildcards: Any) -> Settings:
    names = (wildcards.before, wildcards.after)
    made = experiment.models[wildcards.after].made
    return {
        "languages": experiment.languages,
        "pivot": experiment.config.pivot,
        "trained": experiment.trained(*names),
        "names": names,
        **({"control": made.control} if made and made.control else {}),
        "uncertainty": bootstrap(experiment),
    }


SETTINGS: Rules = {"measure_retrieval": _measuring, "compare_retrieval": _change}
