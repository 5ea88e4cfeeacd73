"""Settings of the rules that align models."""

from typing import Any

from langneurons.experiment.inventory import Inventory
from langneurons.experiment.models import QUESTIONS
from langneurons.experiment.settings.basis import (
    Rules,
    Settings,
    deciding,
    source_spec_of,
    spec_of,
)
from langneurons.responses.prompts import CHAT


def _sampled_languages(experiment: Inventory, wildcards: Any) -> Settings:
    """The pivot, and all languages in which some model made from this one is aligned."""
    made = [experiment.made(name) for name in experiment.aligned_models]
    aligned = {name for one in made if one.source == wildcards.model for name in one.languages}
    needed = {experiment.config.pivot, *aligned}
    return {"languages": [language for language in experiment.languages if language in needed]}


def _translator(experiment: Inventory) -> Settings:
    keys = ("path", "revision", "trust_remote_code", "dtype")
    translation = experiment.alignment.translation
    return {"spec": translation.settings(*keys), "codes": translation.codes}


def _alignment_inspection(experiment: Inventory, wildcards: Any) -> Settings:
    translator = _translator(experiment)
    return {
        **spec_of(experiment, wildcards),
        "translation": translator["spec"],
        "codes": translator["codes"],
        **_sampled_languages(experiment, wildcards),
        "target_modules": experiment.alignment.training.target_modules,
    }


def _sampling(experiment: Inventory, wildcards: Any) -> Settings:
    return {
        **spec_of(experiment, wildcards),
        "template": experiment.config.prompt,
        "generation": deciding(experiment.alignment.sampling.settings()),
        "section": "alignment.sampling",
        **_sampled_languages(experiment, wildcards),
    }


def _scoring(experiment: Inventory, _wildcards: Any) -> Settings:
    return {
        **_translator(experiment),
        **experiment.alignment.translation.settings("direction", "long_responses"),
        "pivot": experiment.config.pivot,
    }


def _pairs(experiment: Inventory, wildcards: Any) -> Settings:
    languages = experiment.made(wildcards.model).languages
    return {"languages": languages, **experiment.alignment.pairs.settings()}


def _training(experiment: Inventory, wildcards: Any) -> Settings:
    made = experiment.made(wildcards.model)
    training = experiment.alignment.training.settings()
    return {
        **source_spec_of(experiment, made),
        **({"template": CHAT} if experiment.chats(QUESTIONS) else {}),
        "settings": {**training, "checkpoints": made.checkpoints},
    }


def _adapter(experiment: Inventory, wildcards: Any) -> Settings:
    made = experiment.made(wildcards.model)
    return {**source_spec_of(experiment, made), "step": made.step}


SETTINGS: Rules = {
    "inspect_alignment": _alignment_inspection,
    "sample_responses": _sampling,
    "merge_samples": _sampled_languages,
    "score_alignment": _scoring,
    "merge_scores": _sampled_languages,
    "preference_pairs": _pairs,
    "align": _training,
    "merge_adapter": _adapter,
}
