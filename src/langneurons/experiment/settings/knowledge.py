"""Settings of the rules about the neurons of facts."""

from typing import Any

from langneurons.experiment.inventory import Inventory
from langneurons.experiment.settings.basis import Rules, Settings, spec_of


def _asked(experiment: Inventory) -> Settings:
    return {"languages": experiment.knowledge.languages or experiment.languages}


def _attribution(experiment: Inventory, wildcards: Any) -> Settings:
    return {
        **spec_of(experiment, wildcards),
        **_asked(experiment),
        "parameters": experiment.knowledge.settings("facts", "steps"),
    }


def _selection(experiment: Inventory, _wildcards: Any) -> Settings:
    return {"parameters": experiment.knowledge.settings("threshold", "variation", "share")}


def _edits(experiment: Inventory, wildcards: Any) -> Settings:
    return {
        **spec_of(experiment, wildcards),
        **_asked(experiment),
        "parameters": experiment.knowledge.settings("facts", "control_seeds"),
    }


def _languages(experiment: Inventory, _wildcards: Any) -> Settings:
    return _asked(experiment)


SETTINGS: Rules = {
    "attribute_facts": _attribution,
    "merge_attributions": _languages,
    "select_fact_neurons": _selection,
    "edit_facts": _edits,
    "merge_fact_edits": _languages,
    "summarise_fact_edits": _languages,
}
