"""Settings of the rules that measure importance and type the neurons of all components."""

from typing import Any

from langneurons.experiment.inventory import Inventory
from langneurons.experiment.settings.analysis import typing_of
from langneurons.experiment.settings.basis import Rules, Settings, all_languages, spec_of


def _measuring(experiment: Inventory, wildcards: Any) -> Settings:
    return {
        **spec_of(experiment, wildcards),
        "languages": experiment.languages,
        "folds": experiment.config.uncertainty.folds,
        "importance": experiment.config.importance.settings(),
    }


def _components(experiment: Inventory, wildcards: Any) -> Settings:
    components = experiment.config.importance.components
    return {**typing_of(experiment, wildcards), "components": components}


SETTINGS: Rules = {
    "measure_importance": _measuring,
    "merge_importance": all_languages,
    "type_components": _components,
}
