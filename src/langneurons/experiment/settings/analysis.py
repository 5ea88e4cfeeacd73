"""Settings of the rules from the data to the comparison, and of figures and tables."""

from typing import Any

from langneurons.experiment import paths
from langneurons.experiment.datasets import HELD_OUT, windows_of
from langneurons.experiment.declared import methods
from langneurons.experiment.instances import drawn_at
from langneurons.experiment.inventory import Inventory
from langneurons.experiment.per import family_of
from langneurons.experiment.settings.basis import (
    Rules,
    Settings,
    all_languages,
    bootstrap,
    compared,
    deciding,
    drawn_texts,
    spec_of,
)
from langneurons.experiment.statistics import halved_methods, sums_of
from langneurons.responses.prompts import CHAT


def _corpus(experiment: Inventory, wildcards: Any) -> Settings:
    dataset = experiment.dataset(wildcards.dataset)
    settings = deciding(dataset.settings(), *dataset.RERUNS_OF)  # those are for later stages
    if windows_of(dataset):
        settings["parallel"] = False
    return {
        "dataset": settings,
        "languages": experiment.languages_of(wildcards.dataset),
        "held_out": wildcards.dataset.endswith(HELD_OUT),
    }


def _facts(experiment: Inventory, wildcards: Any) -> Settings:
    dataset = experiment.fact_set(wildcards.dataset)
    return {
        "dataset": dataset.settings(*(("path", "limit") if dataset.path is not None else ())),
        "languages": experiment.languages,
    }


def _gguf(experiment: Inventory, wildcards: Any) -> Settings:
    return dict(experiment.models[wildcards.model].gguf)


def _inspection(experiment: Inventory, wildcards: Any) -> Settings:
    chat = {"chat": True} if experiment.needs_chat(wildcards.model) else {}
    return {**spec_of(experiment, wildcards), **chat}


def _generation(experiment: Inventory, wildcards: Any) -> Settings:
    return {
        **spec_of(experiment, wildcards),
        "template": experiment.config.prompt,
        "generation": deciding(experiment.config.generation.settings()),
        "section": "generation",
        "languages": experiment.languages,
    }


def _given(experiment: Inventory, wildcards: Any) -> Settings:
    texts = experiment.holds_texts(wildcards.dataset)
    template = None if texts else experiment.config.prompt
    return {"template": template, "languages": experiment.languages}


def _tokens(experiment: Inventory, wildcards: Any) -> Settings:
    empty = experiment.config.collection.empty_responses
    settings = {**spec_of(experiment, wildcards), "empty": empty}
    if windows := windows_of(experiment.dataset(wildcards.dataset)):
        settings["windows"] = windows
    if experiment.chats(wildcards.dataset):
        settings |= {"template": CHAT, "questions": wildcards.responses == "data"}
    return settings


def _counting(experiment: Inventory, wildcards: Any) -> Settings:
    return {
        **spec_of(experiment, wildcards),
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
            _argument(key): None if value == "auto" else value for key, value in parameters.items()
        },
    }


def _argument(key: str) -> str:
    """The name in Python of a method's parameter."""
    return f"{key}_" if key == "lambda" else key


def typing_of(experiment: Inventory, wildcards: Any) -> Settings:
    """Return how a method selects and types neurons."""
    return {**_method(experiment, wildcards), "languages": experiment.languages}


def _sensitivity(experiment: Inventory, wildcards: Any) -> Settings:
    """What is tried beside a method's settings."""
    varied = methods()[wildcards.method].varied.items()
    return {
        **typing_of(experiment, wildcards),
        "values": {
            _argument(key): [*parameter.varied, *([None] if parameter.auto else [])]
            for key, parameter in varied
        },
        "multiples": {_argument(key): list(parameter.varied_by) for key, parameter in varied},
    }


def _token_classes(experiment: Inventory, wildcards: Any) -> Settings:
    return {**typing_of(experiment, wildcards), **experiment.config.uncertainty.settings("seed")}


def _resampling(experiment: Inventory, wildcards: Any) -> Settings:
    return {**typing_of(experiment, wildcards), **drawn_texts(experiment)}


def _segments(experiment: Inventory, _wildcards: Any) -> Settings:
    return {"segments": experiment.config.phases.segments}


def _phases(experiment: Inventory, wildcards: Any) -> Settings:
    return {**_method(experiment, wildcards), **drawn_texts(experiment)}


def _comparison(experiment: Inventory, wildcards: Any) -> Settings:
    return {
        **compared(experiment, wildcards),
        **_method(experiment, wildcards),
        "scale": experiment.config.comparison.scale,
        "uncertainty": drawn_texts(experiment),
    }


def _attribution(experiment: Inventory, wildcards: Any) -> Settings:
    family = family_of(experiment, wildcards)
    return {
        "family": family.name,
        "controls": list(family.controls),
        "seeds": len(family.after),
        "margin": experiment.config.comparison.margin,
    }


def _dataset_overlap(experiment: Inventory, wildcards: Any) -> Settings:
    datasets = experiment.datasets_of(wildcards.model)
    return {"datasets": datasets, "languages": experiment.languages}


def _agreement(experiment: Inventory, _wildcards: Any) -> Settings:
    return {
        "methods": experiment.methods,
        "halved": halved_methods(experiment),
        "languages": experiment.languages,
    }


def _cost(experiment: Inventory, wildcards: Any) -> Settings:
    keys = dict(wildcards.items())
    return {
        "statistics": {name: methods()[name].statistic for name in experiment.methods},
        "benchmarks": {
            methods()[name].statistic: paths.benchmark(sums_of(name)).format(**keys)
            for name in experiment.methods
        },
    }


def _accuracy(experiment: Inventory, wildcards: Any) -> Settings:
    return {"languages": experiment.languages, "model": wildcards.model}


def _accuracy_change(experiment: Inventory, wildcards: Any) -> Settings:
    both = compared(experiment, wildcards)
    del both["pivot"]  # a language like all others here
    return {**both, "uncertainty": bootstrap(experiment)}


def _drawn(experiment: Inventory, wildcards: Any) -> Settings:
    one = drawn_at(experiment, wildcards.name, wildcards.instance)
    style = experiment.config.figures.settings()
    values = {"values": one.values} if one.values else {}
    return {"module": one.module, "title": one.title, "style": style, **values}


SETTINGS: Rules = {
    "build_corpus": _corpus,
    "build_facts": _facts,
    "convert_gguf": _gguf,
    "inspect_model": _inspection,
    "generate_responses": _generation,
    "merge_responses": all_languages,
    "given_responses": _given,
    "tokenize": _tokens,
    "count_activations": _counting,
    "merge_activations": all_languages,
    "measure_relevance": _counting,
    "merge_relevance": all_languages,
    "measure_overlaps": _counting,
    "import_activations": _published,
    "activation_probabilities": all_languages,
    "quotients": all_languages,
    "type_neurons": typing_of,
    "type_by_overlap": typing_of,
    "resample_neurons": _resampling,
    "vary_settings": _sensitivity,
    "type_by_token_class": _token_classes,
    "export_masks": all_languages,
    "segment_layers": _segments,
    "describe_phases": _phases,
    "compare_models": _comparison,
    "attribute_changes": _attribution,
    "overlap_datasets": _dataset_overlap,
    "split_neurons": typing_of,
    "split_neurons_by_overlap": typing_of,
    "compare_methods": _agreement,
    "gather_costs": _cost,
    "grade_responses": all_languages,
    "evaluate_accuracy": _accuracy,
    "compare_accuracy": _accuracy_change,
    "grade_deactivation": all_languages,
    "draw_figure": _drawn,
    "write_table": _drawn,
}
