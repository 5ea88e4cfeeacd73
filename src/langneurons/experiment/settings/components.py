"""Settings of the rules about neurons by component and about neurons trained alone."""

from typing import Any

from langneurons.experiment.inventory import Inventory
from langneurons.experiment.settings.basis import Rules, Settings, all_languages, deciding, spec_of
from langneurons.experiment.settings.interventions import chosen_and_measured, template_of

_ALL = "all"


def components_of(experiment: Inventory) -> list[str]:
    """Return the components that are switched off, all together first."""
    present = experiment.config.importance.components
    asked = experiment.component_deactivation.components
    return [name for name in (_ALL, *present) if asked is None or name in asked]


def _deactivation(experiment: Inventory, wildcards: Any) -> Settings:
    stage, components = experiment.component_deactivation, components_of(experiment)
    present = experiment.config.importance.components
    kept = deciding(stage.settings(), "models")
    kept |= chosen_and_measured(stage, experiment)
    kept["components"] = components
    kept["together"] = [name for name in present if _ALL in components or name in components]
    return {**_measured(experiment, wildcards, kept), "languages": experiment.languages}


def _summary(experiment: Inventory, _wildcards: Any) -> Settings:
    return {"components": components_of(experiment), "languages": experiment.languages}


def _enhancement(experiment: Inventory, wildcards: Any) -> Settings:
    stage = experiment.enhancement
    kept = stage.settings("set", "problems", "control_seeds")
    kept["languages"] = stage.languages or experiment.languages
    kept["training_texts"] = stage.texts
    kept["training"] = stage.settings("steps", "batch", "learning_rate", "seed")
    return {**_measured(experiment, wildcards, kept), "languages": experiment.languages}


def _measured(experiment: Inventory, wildcards: Any, parameters: Settings) -> Settings:
    """Return what is read, and how: texts as they are, questions as prompts."""
    texts = "texts" if experiment.holds_texts(wildcards.dataset) else "prompt"
    return {
        **spec_of(experiment, wildcards),
        "template": template_of(experiment, wildcards),
        "parameters": {**parameters, "texts": texts},
    }


SETTINGS: Rules = {
    "deactivate_components": _deactivation,
    "merge_component_deactivation": _summary,
    "summarise_components": _summary,
    "enhance": _enhancement,
    "merge_enhancement": all_languages,
    "summarise_enhancement": all_languages,
}
