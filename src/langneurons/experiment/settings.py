"""The settings that each rule's results depend on and no others, one dict per rule.

The keys are the arguments of the function that the rule's script calls.
"""

from collections.abc import Callable
from typing import Any

from langneurons.experiment.inputs import dataset_settings
from langneurons.experiment.instances import drawn_at
from langneurons.experiment.inventory import Inventory
from langneurons.experiment.models import Made
from langneurons.experiment.sections import PLACEMENT

Settings = dict[str, Any]


def _languages(experiment: Inventory, _wildcards: Any) -> Settings:
    return {"languages": experiment.languages}


def _corpus(experiment: Inventory, wildcards: Any) -> Settings:
    dataset = dataset_settings(experiment, wildcards.dataset)
    return {"dataset": dataset.settings(), "languages": experiment.languages}


def _spec(experiment: Inventory, wildcards: Any) -> Settings:
    return {"spec": _deciding(experiment.models[wildcards.model].spec)}


def _source_spec(experiment: Inventory, made: Made) -> Settings:
    return {"spec": _deciding(experiment.models[made.source].spec)}


def _deciding(settings: Settings, *left_out: str) -> Settings:
    """Leave out where a model is placed and how much it is given at a time, and other keys."""
    return {key: settings[key] for key in settings if key not in (*PLACEMENT, *left_out)}


def _generation(experiment: Inventory, wildcards: Any) -> Settings:
    return {
        **_spec(experiment, wildcards),
        "template": experiment.config.prompt,
        "generation": _deciding(experiment.config.generation.settings()),
        "languages": experiment.languages,
    }


def _given(experiment: Inventory, _wildcards: Any) -> Settings:
    return {"template": experiment.config.prompt, "languages": experiment.languages}


def _tokens(experiment: Inventory, wildcards: Any) -> Settings:
    empty = experiment.config.collection.empty_responses
    return {**_spec(experiment, wildcards), "empty": empty}


def _counting(experiment: Inventory, wildcards: Any) -> Settings:
    return {
        **_spec(experiment, wildcards),
        "languages": experiment.languages,
        "folds": experiment.config.uncertainty.folds,
    }


def _published(experiment: Inventory, wildcards: Any) -> Settings:
    folder = experiment.models[wildcards.model].counts[wildcards.dataset]
    return {"folder": folder, "languages": experiment.languages}


def _method(experiment: Inventory, wildcards: Any) -> Settings:
    """The arguments of a method's ``select``; "auto" becomes None, which the method searches."""
    parameters = experiment.config.neurons.settings()[wildcards.method]
    return {
        "method": wildcards.method,
        "parameters": {
            f"{key}_" if key == "lambda" else key: None if value == "auto" else value
            for key, value in parameters.items()
        },
    }


def _typing(experiment: Inventory, wildcards: Any) -> Settings:
    return {**_method(experiment, wildcards), "languages": experiment.languages}


def _segments(experiment: Inventory, _wildcards: Any) -> Settings:
    return {"segments": experiment.config.phases.segments}


def _phases(experiment: Inventory, wildcards: Any) -> Settings:
    return {**_method(experiment, wildcards), **_bootstrap(experiment)}


def _bootstrap(experiment: Inventory) -> Settings:
    return experiment.config.uncertainty.settings("replicates", "seed")


def _comparison(experiment: Inventory, wildcards: Any) -> Settings:
    names = (wildcards.before, wildcards.after)
    return {
        "languages": experiment.languages,
        "pivot": experiment.config.pivot,
        "trained": experiment.trained(*names),
        "names": names,
    }


def _dataset_overlap(experiment: Inventory, wildcards: Any) -> Settings:
    datasets = experiment.datasets_of(wildcards.model)
    return {"datasets": datasets, "languages": experiment.languages}


def _accuracy(experiment: Inventory, wildcards: Any) -> Settings:
    return {"languages": experiment.languages, "model": wildcards.model}


def _accuracy_change(experiment: Inventory, wildcards: Any) -> Settings:
    names = (wildcards.before, wildcards.after)
    return {
        "languages": experiment.languages,
        "trained": experiment.trained(*names),
        "names": names,
        "uncertainty": _bootstrap(experiment),
    }


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
        **_spec(experiment, wildcards),
        "translation": translator["spec"],
        "codes": translator["codes"],
        **_sampled_languages(experiment, wildcards),
        "target_modules": experiment.alignment.training.target_modules,
    }


def _sampling(experiment: Inventory, wildcards: Any) -> Settings:
    return {
        **_spec(experiment, wildcards),
        "template": experiment.config.prompt,
        "generation": _deciding(experiment.alignment.sampling.settings()),
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
        **_source_spec(experiment, made),
        "settings": {**training, "checkpoints": made.checkpoints},
    }


def _adapter(experiment: Inventory, wildcards: Any) -> Settings:
    made = experiment.made(wildcards.model)
    return {**_source_spec(experiment, made), "step": made.step}


def _answers(experiment: Inventory) -> Settings:
    """How models answer in interventions, unless their sections say otherwise."""
    return experiment.config.generation.settings("max_new_tokens")


def _deactivation(experiment: Inventory, wildcards: Any) -> Settings:
    stage = experiment.deactivation.settings()
    kept = _deciding(stage, "methods", "masks", "models", "phases")
    return {
        **_spec(experiment, wildcards),
        "template": experiment.config.prompt,
        "parameters": {**_answers(experiment), **kept},
        "languages": experiment.languages,
    }


def _deactivated_sets(experiment: Inventory, wildcards: Any) -> Settings:
    """Names of the sets of neurons, in order; each is followed by its parts, phase by phase."""
    stage = experiment.deactivation
    segments = experiment.config.phases.segments if stage.phases else 0
    sets = [
        part
        for name in stage.sets
        for part in [name, *(f"{name}@phase {phase}" for phase in range(1, segments + 1))]
    ]
    return {
        "languages": experiment.languages,
        "sets": ["mask"] if wildcards.method == "mask" else sets,
    }


def _deactivation_changes(experiment: Inventory, wildcards: Any) -> Settings:
    return {**_deactivated_sets(experiment, wildcards), "uncertainty": _bootstrap(experiment)}


def _steering(experiment: Inventory, wildcards: Any) -> Settings:
    stage = experiment.steering.settings()
    kept = _deciding(stage, "methods", "models")
    return {
        **_spec(experiment, wildcards),
        "template": experiment.config.prompt,
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
        "uncertainty": _bootstrap(experiment),
    }


def _drawn(experiment: Inventory, wildcards: Any) -> Settings:
    one = drawn_at(experiment, wildcards.name, wildcards.instance)
    style = experiment.config.figures.settings()
    values = {"values": one.values} if one.values else {}
    return {"module": one.module, "title": one.title, "style": style, **values}


SETTINGS: dict[str, Callable[[Inventory, Any], Settings]] = {
    "build_corpus": _corpus,
    "inspect_model": _spec,
    "generate_responses": _generation,
    "merge_responses": _languages,
    "given_responses": _given,
    "tokenize": _tokens,
    "count_activations": _counting,
    "merge_activations": _languages,
    "import_activations": _published,
    "activation_probabilities": _languages,
    "type_neurons": _typing,
    "export_masks": _languages,
    "segment_layers": _segments,
    "describe_phases": _phases,
    "compare_models": _comparison,
    "overlap_datasets": _dataset_overlap,
    "grade_responses": _languages,
    "evaluate_accuracy": _accuracy,
    "compare_accuracy": _accuracy_change,
    "inspect_alignment": _alignment_inspection,
    "sample_responses": _sampling,
    "merge_samples": _sampled_languages,
    "score_alignment": _scoring,
    "merge_scores": _sampled_languages,
    "preference_pairs": _pairs,
    "align": _training,
    "merge_adapter": _adapter,
    "deactivate": _deactivation,
    "merge_deactivation": _deactivated_sets,
    "grade_deactivation": _languages,
    "compare_deactivation": _deactivation_changes,
    "steer": _steering,
    "merge_steering": _steering_shares,
    "summarise_steering": _steering_summary,
    "draw_figure": _drawn,
    "write_table": _drawn,
}
