"""What types cannot check in a configuration: names must be known, files must exist."""

from collections.abc import Callable, Iterable
from pathlib import Path

from langneurons.activations.files import counts_files
from langneurons.corpora.languages import english_name
from langneurons.errors import InputError
from langneurons.experiment.configuration import (
    Comparison,
    Configuration,
    LoadedModel,
    PublishedModel,
)
from langneurons.experiment.datasets import AnyDataset, DemoDataset, HubDataset
from langneurons.experiment.interventions import Deactivation, Steering
from langneurons.experiment.models import QUESTIONS, datasets_of, resolved_models
from langneurons.responses.prompts import check_template

_RUN = "a model that can be run:"


def check(config: Configuration) -> None:
    """Check a configuration whose types are right.

    Raises
    ------
    InputError
        At the first mistake: the key, what was found, what was expected.
    """
    _check_languages(config)
    # Aligned models are resolved first: others may name them and their checkpoints.
    models = resolved_models(config)
    _check_models(config, list(models))
    _check_datasets(config)
    for index, comparison in enumerate(config.comparisons):
        _check_comparison(f"config: comparisons.{index}", comparison, config, list(models))
    run = [name for name, model in models.items() if not model.counts]
    _check_deactivation(config, run)
    _check_steering(config, run)
    check_template(config.prompt)


def _check_languages(config: Configuration) -> None:
    for language in config.languages:
        _at("config: languages", english_name, language)
    if config.pivot not in config.languages:
        raise InputError(
            f"config: pivot: found {config.pivot!r}, expected one of the languages "
            f"{' '.join(config.languages)}"
        )
    if not config.neurons.settings():
        raise InputError("config: neurons: found {}, expected at least 1 entry")


def _check_models(config: Configuration, names: list[str]) -> None:
    for name, model in config.models.items():
        key = f"config: models.{name}"
        if isinstance(model, PublishedModel):
            for dataset, folder in model.counts.items():
                _at(f"{key}.counts.{dataset}", counts_files, folder, config.languages)
            continue
        if not config.datasets:
            raise InputError(f"config: datasets: none given, but model {name!r} needs one")
        if isinstance(model, LoadedModel):
            check_place(f"models.{name}.path", model.path)
        _check_writer(f"{key}.responses_from", name, model.responses_from, config, names)
    if config.alignment is not None:
        check_place("alignment.translation.path", config.alignment.translation.path)


def _check_writer(
    key: str, name: str, writer: str, config: Configuration, names: list[str]
) -> None:
    if writer in ("own", "data", name):
        return
    if writer not in names:
        raise InputError(
            f"{key}: found {writer!r}, expected own, data or one of {', '.join(names)}"
        )
    model = config.models.get(writer) or config.models[writer.rpartition("@")[0]]
    if isinstance(model, PublishedModel):
        raise InputError(f"{key}: model {writer!r} has published counts only, it writes no text")
    if model.responses_from not in ("own", writer):
        raise InputError(f"{key}: model {writer!r} takes its own responses from elsewhere")


def _check_datasets(config: Configuration) -> None:
    for name, dataset in config.datasets.items():
        if name == QUESTIONS:
            raise InputError(
                f"config: datasets.{name}: this name is kept for the questions of an alignment"
            )
        _check_dataset(f"datasets.{name}", dataset, config.languages)
    if config.alignment is not None:
        _check_dataset("alignment.questions", config.alignment.questions, config.languages)


def _check_dataset(key: str, dataset: AnyDataset, languages: list[str]) -> None:
    if isinstance(dataset, DemoDataset | HubDataset):
        return
    for language in languages:
        expected = Path(dataset.path.replace("{language}", language))
        if not expected.exists():
            raise InputError(f"config: {key}.path: no such file or folder {expected}")


def _check_comparison(
    key: str, comparison: Comparison, config: Configuration, names: list[str]
) -> None:
    for side, name in (("before", comparison.before), ("after", comparison.after)):
        if name not in names:
            raise InputError(f"{key}.{side}: unknown model {name!r}; models: {', '.join(names)}")
    if comparison.before == comparison.after:
        raise InputError(f"{key}: before and after are both {comparison.before!r}")
    foreign = set(comparison.trained or []) - set(config.languages)
    if foreign:
        raise InputError(f"{key}.trained: {sorted(foreign)[0]!r} is not one of the languages")
    before, after = (datasets_of(config, name) for name in (comparison.before, comparison.after))
    if not set(before) & set(after):
        raise InputError(f"{key}: the two models have no dataset in common")


def _check_stage(
    stage: str, settings: Deactivation | Steering, config: Configuration, run: list[str]
) -> None:
    """Check the methods and models of an optional stage."""
    methods = list(config.neurons.settings())
    _demand(f"{stage}.methods", settings.methods, methods, "some of the methods under neurons:")
    _demand(f"{stage}.models", settings.models or [], run, _RUN)


def _check_steering(config: Configuration, run: list[str]) -> None:
    if config.steering is None:
        return
    _check_stage("steering", config.steering, config, run)
    languages = config.steering.languages or []
    _demand("steering.languages", languages, config.languages, "some of the languages")


def _check_deactivation(config: Configuration, run: list[str]) -> None:
    if config.deactivation is None:
        return
    key = "config: deactivation"
    _check_stage("deactivation", config.deactivation, config, run)
    for model, masks in config.deactivation.masks.items():
        _demand("deactivation.masks", [model], run, _RUN)
        for dataset, path in masks.items():
            if dataset not in config.datasets:
                raise InputError(
                    f"{key}.masks.{model}: unknown dataset {dataset!r}; "
                    f"datasets: {', '.join(config.datasets)}"
                )
            if not Path(path).is_file():
                raise InputError(f"{key}.masks.{model}.{dataset}: no such file {path!r}")


def _demand(key: str, found: Iterable[str], known: list[str], expected: str) -> None:
    """Refuse the first name that is not known."""
    for name in found:
        if name not in known:
            listed = ", ".join(known) or "there is none"
            raise InputError(f"config: {key}: found {name!r}, expected {expected} {listed}")


def check_place(key: str, path: str) -> None:
    """Check that a model's path could be a hub id, or is a folder.

    Raises
    ------
    InputError
        If neither; ``key`` is the key in the configuration.
    """
    # A hub id is "name" or "owner/name"; anything deeper or anchored is a folder.
    if (path.startswith((".", "/", "~")) or path.count("/") > 1) and not Path(path).is_dir():
        raise InputError(f"config: {key}: no such folder {path!r}")


def _at(key: str, function: Callable[..., object], *arguments: object) -> None:
    """Call a function that checks its arguments, and name the key if it refuses them."""
    try:
        function(*arguments)
    except InputError as error:
        raise InputError(f"{key}: {error}") from None
