"""Where models run and how much they are given at a time: no result depends on it.

Nor does one depend on what a job only demands before others begin: how many problems a data set
must have. Both are passed to jobs as resources, which Snakemake does not track, so a change reruns
nothing. A profile can set them for a rule, under ``set-resources``.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from langneurons.experiment.inventory import Inventory

Placement = Mapping[str, Any]
Placed = Callable[[Inventory, Any], Placement]

_DEVICES = ("device", "device_map")
_SIZES = ("batch_size", "batch_tokens")


def placement_of(experiment: Inventory, rule: str) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Yield each resource that places a rule's jobs, with its value given a job's wildcards."""
    if rule in _PLACED:
        keys, found = _PLACED[rule]
        for key in keys:
            yield key, partial(_get, experiment, found, key)


def _get(experiment: Inventory, found: Placed, key: str, wildcards: Any) -> Any:
    return found(experiment, wildcards).get(key)


def _model(experiment: Inventory, wildcards: Any) -> Placement:
    return experiment.models[wildcards.model].spec


def _source(experiment: Inventory, wildcards: Any) -> Placement:
    return experiment.models[experiment.made(wildcards.model).source].spec


def _generation(experiment: Inventory, wildcards: Any) -> Placement:
    return {**_model(experiment, wildcards), **experiment.config.generation.settings()}


def _sampling(experiment: Inventory, wildcards: Any) -> Placement:
    return {**_model(experiment, wildcards), **experiment.alignment.sampling.settings()}


def _counting(experiment: Inventory, wildcards: Any) -> Placement:
    return {**_model(experiment, wildcards), **experiment.config.collection.settings()}


def _backward(experiment: Inventory, wildcards: Any) -> Placement:
    batch_tokens = experiment.config.collection.backward_batch_tokens
    return {**_model(experiment, wildcards), "batch_tokens": batch_tokens}


def _scoring(experiment: Inventory, _wildcards: Any) -> Placement:
    return experiment.translator.settings()


def _deactivation(experiment: Inventory, wildcards: Any) -> Placement:
    return {**_answers(experiment, wildcards), **experiment.deactivation.settings()}


def _steering(experiment: Inventory, wildcards: Any) -> Placement:
    return {**_answers(experiment, wildcards), **experiment.steering.settings()}


def _answers(experiment: Inventory, wildcards: Any) -> Placement:
    """As in counting and generation, unless the section of an intervention says otherwise."""
    return {**_counting(experiment, wildcards), **_generation(experiment, wildcards)}


def _folds(experiment: Inventory, wildcards: Any) -> Placement:
    """As many problems as folds, in a data set on which neurons are counted."""
    counted = wildcards.dataset in experiment.datasets and experiment.text_models
    return {"folds": experiment.config.uncertainty.folds} if counted else {}


_PLACED: dict[str, tuple[tuple[str, ...], Placed]] = {
    "build_corpus": (("folds",), _folds),
    "inspect_model": (_DEVICES, _model),
    "generate_responses": ((*_DEVICES, "batch_size"), _generation),
    "sample_responses": ((*_DEVICES, "batch_size"), _sampling),
    "count_activations": ((*_DEVICES, "batch_tokens"), _counting),
    "measure_overlaps": ((*_DEVICES, "batch_tokens", "histogram_memory"), _counting),
    "measure_relevance": ((*_DEVICES, "batch_tokens"), _backward),
    "measure_importance": ((*_DEVICES, "batch_tokens"), _counting),
    "measure_retrieval": ((*_DEVICES, "batch_tokens"), _counting),
    "measure_cloze": ((*_DEVICES, "batch_tokens"), _counting),
    "measure_sharing": ((*_DEVICES, "batch_tokens"), _counting),
    "deactivate_classes": ((*_DEVICES, "batch_tokens"), _counting),
    "attribute_facts": ((*_DEVICES, "batch_tokens"), _backward),
    "edit_facts": ((*_DEVICES, "batch_tokens"), _backward),
    "score_alignment": (("device", "batch_tokens"), _scoring),
    "align": (_DEVICES, _source),
    "train_translation": (_DEVICES, _source),
    "merge_adapter": (_DEVICES, _source),
    "deactivate": ((*_DEVICES, *_SIZES), _deactivation),
    "measure_doses": ((*_DEVICES, "batch_tokens"), _counting),
    "deactivate_components": ((*_DEVICES, "batch_tokens"), _counting),
    "enhance": ((*_DEVICES, "batch_tokens"), _backward),
    "steer": ((*_DEVICES, *_SIZES), _steering),
}
