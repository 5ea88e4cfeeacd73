"""What types cannot check of the stages that change neurons: names must be known, masks exist."""

from collections.abc import Iterable
from pathlib import Path

from langneurons.errors import InputError
from langneurons.experiment.components import ComponentDeactivation, Enhancement
from langneurons.experiment.configuration import Configuration
from langneurons.experiment.datasets import facts_of, without_facts
from langneurons.experiment.declared import methods
from langneurons.experiment.doses import Doses
from langneurons.experiment.interventions import Deactivation, Steering
from langneurons.experiment.readable import check_gives_gradients
from langneurons.importance.components import FFN

_Stage = Deactivation | Steering | Doses | ComponentDeactivation | Enhancement
#: What a model must be that a stage names.
RUN = "a model that can be run:"
#: From so many phases stages can be made (`langneurons.components.stages`).
_PHASES = 4


def _check_stage(stage: str, settings: _Stage, config: Configuration, run: list[str]) -> None:
    """Check the models of an optional stage, and the methods and languages where it has some."""
    named = getattr(settings, "methods", None) or []
    known = list(config.neurons.settings())
    demand(f"{stage}.methods", named, known, "some of the methods under neurons:")
    demand(f"{stage}.models", settings.models or [], run, RUN)
    languages = getattr(settings, "languages", None) or []
    demand(f"{stage}.languages", languages, config.languages, "some of the languages")


def check_steering(config: Configuration, run: list[str]) -> None:
    """Check the section ``steering``; ``run`` are the models that can be run."""
    if config.steering is not None:
        _check_stage("steering", config.steering, config, run)


def check_doses(config: Configuration, run: list[str]) -> None:
    """Check the section ``doses``; ``run`` are the models that can be run."""
    if config.doses is not None:
        _check_stage("doses", config.doses, config, run)


def check_cloze(config: Configuration, run: list[str]) -> None:
    """Check the section ``cloze``; ``run`` are the models that can be run."""
    if config.cloze is None:
        return
    demand("cloze.models", config.cloze.models or [], run, RUN)
    if not facts_of(config.datasets):
        raise InputError(
            "config: cloze: found no facts to ask for, expected a data set of format 'facts'"
        )


def check_component_deactivation(config: Configuration, run: list[str]) -> None:
    """Check the section ``component_deactivation``; ``run`` are the models that can be run."""
    section, key = config.component_deactivation, "component_deactivation"
    if section is None:
        return
    reading = [name for name, one in methods().items() if one.statistic == f"importance/{FFN}"]
    if not set(reading) & set(config.neurons.settings()):
        raise InputError(
            f"config: {key}: no method under neurons has neurons of attention, expected "
            f"{' or '.join(reading)}"
        )
    _check_stage(key, section, config, run)
    present = ["all", *config.importance.components]
    expected = "all or some of importance.components:"
    demand(f"{key}.components", section.components or [], present, expected)
    if section.stages is None and config.phases.segments != _PHASES:
        raise InputError(
            f"config: {key}: found no stages, and {config.phases.segments} phases "
            f"(phases.segments); expected {_PHASES} phases to make stages of, or {key}.stages"
        )


def check_enhancement(config: Configuration, run: list[str]) -> None:
    """Check the section ``enhancement``; ``run`` are the models that can be run."""
    if config.enhancement is None:
        return
    _check_stage("enhancement", config.enhancement, config, run)
    for name in config.enhancement.models or run:
        check_gives_gradients(config, name, "enhancement")
    for name, dataset in without_facts(config.datasets).items():
        if not dataset.held_out:
            raise InputError(
                f"config: enhancement: dataset {name!r} holds nothing out, and what neurons are "
                f"trained on must not be what is measured; expected the key datasets.{name}."
                "held_out"
            )


def check_knowledge(config: Configuration, run: list[str]) -> None:
    """Check the section ``knowledge``; ``run`` are the models that can be run.

    Raises
    ------
    InputError
        Also if the checkpoint of a model is a folder of quantised weights, see `check_methods`.
    """
    section = config.knowledge
    if section is None:
        return
    demand("knowledge.models", section.models or [], run, RUN)
    demand(
        "knowledge.languages", section.languages or [], config.languages, "some of the languages"
    )
    if not facts_of(config.datasets):
        raise InputError(
            "config: knowledge: no data set has facts; expected one of format: facts, whose facts "
            "are attributed"
        )
    for name in section.models or run:
        check_gives_gradients(config, name, "knowledge")


def check_deactivation(config: Configuration, run: list[str]) -> None:
    """Check the section ``deactivation``; ``run`` are the models that can be run."""
    if config.deactivation is None:
        return
    key = "config: deactivation"
    datasets = without_facts(config.datasets)
    _check_stage("deactivation", config.deactivation, config, run)
    asked = config.deactivation.facts
    expected = "a data set of format 'facts':"
    demand(
        "deactivation.facts", [asked] if asked else [], list(facts_of(config.datasets)), expected
    )
    for model, masks in config.deactivation.masks.items():
        demand("deactivation.masks", [model], run, RUN)
        for dataset, path in masks.items():
            if dataset not in datasets:
                raise InputError(
                    f"{key}.masks.{model}: unknown dataset {dataset!r}; "
                    f"datasets: {', '.join(datasets)}"
                )
            if not Path(path).is_file():
                raise InputError(f"{key}.masks.{model}.{dataset}: no such file {path!r}")


def demand(key: str, found: Iterable[str], known: list[str], expected: str) -> None:
    """Refuse the first name that is not known."""
    for name in found:
        if name not in known:
            listed = ", ".join(known) or "there is none"
            raise InputError(f"config: {key}: found {name!r}, expected {expected} {listed}")
