"""Settings of the rules that align models."""

from typing import Any

from langneurons.experiment.alignment import PREFERENCE, TRANSLATION
from langneurons.experiment.inventory import Inventory
from langneurons.experiment.made import Made
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
    made = [experiment.made(name) for name in experiment.aligned_by(PREFERENCE)]
    aligned = {name for one in made if one.source == wildcards.model for name in one.languages}
    needed = {experiment.config.pivot, *aligned}
    return {"languages": [language for language in experiment.languages if language in needed]}


def _translator(experiment: Inventory) -> Settings:
    keys = ("path", "revision", "trust_remote_code", "dtype")
    translation = experiment.translator
    return {"spec": translation.settings(*keys), "codes": translation.codes}


def _alignment_inspection(experiment: Inventory, wildcards: Any) -> Settings:
    alignment = experiment.alignment
    made = [experiment.made(name) for name in experiment.aligned_models]
    methods = dict.fromkeys(one.method for one in made if one.source == wildcards.model)
    sections = {PREFERENCE: "training", TRANSLATION: "question_translation"}
    settings = {
        **spec_of(experiment, wildcards),
        **_sampled_languages(experiment, wildcards),
        "target_modules": {
            f"alignment.{sections[method]}.target_modules": alignment.training_of(
                method
            ).target_modules
            for method in methods
        },
    }
    if PREFERENCE in methods:
        translator = _translator(experiment)
        settings |= {"translation": translator["spec"], "codes": translator["codes"]}
    return settings


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
        **experiment.translator.settings("direction", "long_responses"),
        "pivot": experiment.config.pivot,
    }


def _pairs(experiment: Inventory, wildcards: Any) -> Settings:
    made = experiment.made(wildcards.model)
    return {
        "languages": made.languages,
        **experiment.alignment.pairs.settings(),
        **_control(made),
    }


def _translations(experiment: Inventory, wildcards: Any) -> Settings:
    made = experiment.made(wildcards.model)
    training = experiment.alignment.question_translation
    return {
        "languages": made.languages,
        "pivot": experiment.config.pivot,
        "direction": made.direction,
        **training.settings("prompt", "dev_share"),
        # The alignment and its controls hold the same questions out.
        "seed": experiment.alignment.pairs.seed,
        **_control(made),
    }


def _control(made: Made) -> Settings:
    return {"control": made.control, "control_seed": made.seed} if made.control else {}


def _training(experiment: Inventory, wildcards: Any) -> Settings:
    made = experiment.made(wildcards.model)
    chat = made.method == PREFERENCE and experiment.chats(QUESTIONS)
    training = experiment.alignment.training_of(made.method).settings()
    in_data = ("prompt", "dev_share")
    return {
        **source_spec_of(experiment, made),
        **({"template": CHAT} if chat else {}),
        "settings": {
            **{key: value for key, value in training.items() if key not in in_data},
            "checkpoints": made.checkpoints,
            "seed": made.seed,
        },
    }


def _adapter(experiment: Inventory, wildcards: Any) -> Settings:
    made = experiment.made(wildcards.model)
    return {
        **source_spec_of(experiment, made),
        "step": made.step,
        "dtype": experiment.alignment.merge_dtype,
    }


SETTINGS: Rules = {
    "check_questions": lambda _experiment, _wildcards: {},
    "inspect_alignment": _alignment_inspection,
    "sample_responses": _sampling,
    "merge_samples": _sampled_languages,
    "score_alignment": _scoring,
    "merge_scores": _sampled_languages,
    "preference_pairs": _pairs,
    "translation_pairs": _translations,
    "align": _training,
    "train_translation": _training,
    "merge_adapter": _adapter,
}
