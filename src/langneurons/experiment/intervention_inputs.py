"""What the rules read that switch neurons off or score texts: neurons, problems, texts."""

from collections.abc import Callable
from typing import Any

from langneurons.experiment import paths
from langneurons.experiment.inventory import Inventory

#: Argument → path or paths.
Reads = dict[str, str | list[str]]


def own_tokens(experiment: Inventory, wildcards: Any) -> Reads:
    """Return the tokens of the responses that a model is measured on."""
    return {"tokens": tokens_of(experiment, wildcards.model, wildcards.dataset)}


def tokens_of(experiment: Inventory, model: str, dataset: str) -> str:
    """Return the tokens of what a model reads of a data set: its writer's responses."""
    responses = experiment.writer(model, dataset)
    return paths.tokens.format(model=model, responses=responses, dataset=dataset)


def _deactivated(experiment: Inventory, wildcards: Any) -> Reads:
    """The neurons to switch off and, if asked for, the phases and the texts to score."""
    stage, keys = experiment.deactivation, dict(wildcards.items())
    measured = experiment.measured_on(wildcards.dataset)
    texts: Reads = {**_measured(experiment, wildcards), **_matched(stage.control, keys)}
    if stage.texts == "responses" or experiment.holds_texts(measured):
        texts["tokens"] = tokens_of(experiment, wildcards.model, measured)
    if stage.facts:
        texts["facts"] = paths.facts.format(dataset=stage.facts)
    if wildcards.method == "mask":
        return {"mask": stage.masks[wildcards.model][wildcards.dataset], **texts}
    phases = {"phases": paths.fill(paths.segments, keys)} if stage.phases else {}
    return {"neurons": paths.fill(paths.neurons, keys), **phases, **texts}


def _dosed(experiment: Inventory, wildcards: Any) -> Reads:
    """The neurons of all methods, of which the first are switched off, and the texts to score."""
    stage, keys = experiment.doses, dict(wildcards.items())
    texts = {**_measured_texts(experiment, wildcards), **_matched(stage.control, keys)}
    several = {**keys, "method": stage.methods or experiment.methods}
    return {"neurons": paths.fill(paths.neurons, several), **texts}


def _by_component(experiment: Inventory, wildcards: Any) -> Reads:
    """The neurons of all components, phases unless stages are given, and the texts to score."""
    keys = dict(wildcards.items())
    given = experiment.component_deactivation.stages
    return {
        "components": paths.fill(paths.components, keys),
        **({} if given else {"segments": paths.fill(paths.segments, keys)}),
        **_measured_texts(experiment, wildcards),
    }


def _enhanced(experiment: Inventory, wildcards: Any) -> Reads:
    """The neurons to train, the texts to train on, and those to score."""
    return {
        "neurons": paths.fill(paths.neurons, dict(wildcards.items())),
        "training": tokens_of(experiment, wildcards.model, wildcards.dataset),
        **_measured_texts(experiment, wildcards),
    }


def _measured_texts(experiment: Inventory, wildcards: Any) -> Reads:
    """The problems that an intervention measures, and their tokens where they are texts."""
    measured = _measured(experiment, wildcards)
    if experiment.holds_texts(experiment.measured_on(wildcards.dataset)):
        measured |= _held_out_tokens(experiment, wildcards)
    return measured


def _measured(experiment: Inventory, wildcards: Any) -> Reads:
    """The problems that an intervention measures."""
    return {"corpus": paths.corpus.format(dataset=experiment.measured_on(wildcards.dataset))}


def _parallel(experiment: Inventory, wildcards: Any) -> Reads:
    """Parallel texts, as a model reads them and as they are."""
    return {**_held_out_tokens(experiment, wildcards), **_measured(experiment, wildcards)}


def _held_out_tokens(experiment: Inventory, wildcards: Any) -> Reads:
    """The tokens of what a data set holds out, or else of its own."""
    measured = experiment.measured_on(wildcards.dataset)
    return {"tokens": tokens_of(experiment, wildcards.model, measured)}


def _steered(experiment: Inventory, wildcards: Any) -> Reads:
    """The questions, and the texts over which a language's activations are collected."""
    return {
        **_measured(experiment, wildcards),
        **own_tokens(experiment, wildcards),
        **_matched(experiment.steering.control, dict(wildcards.items())),
    }


def _matched(control: str, keys: dict[str, str]) -> Reads:
    """The activation probabilities, where random controls are matched by them.

    Of all methods: what the controls are alike in does not depend on how neurons were selected.
    """
    matched = control == "activity"
    return {"probabilities": paths.fill(paths.probabilities, keys)} if matched else {}


INPUTS: dict[str, Callable[[Inventory, Any], Reads]] = {
    "measure_retrieval": _parallel,
    "measure_sharing": own_tokens,
    "deactivate_classes": _held_out_tokens,
    "deactivate": _deactivated,
    "grade_deactivation": _measured,
    "measure_doses": _dosed,
    "deactivate_components": _by_component,
    "enhance": _enhanced,
    "steer": _steered,
    "summarise_steering": _measured,
}
