"""What types cannot check in a configuration: names must be known, files must exist."""

from collections.abc import Callable
from pathlib import Path

from langneurons.activations.files import counts_files
from langneurons.artifacts.folders import file_in
from langneurons.corpora.languages import english_name
from langneurons.errors import InputError
from langneurons.experiment.configuration import Comparison, Configuration
from langneurons.experiment.controls import check_controls
from langneurons.experiment.datasets import (
    HELD_OUT,
    AnyDatasetOrFacts,
    DemoDataset,
    Facts,
    Texts,
    facts_of,
    holds_texts,
    on_hub,
    windows_of,
    without_facts,
)
from langneurons.experiment.model_sections import LoadedModel, PublishedModel
from langneurons.experiment.models import (
    QUESTIONS,
    datasets_of,
    languages_to_align,
    resolved_models,
)
from langneurons.experiment.readable import check_methods
from langneurons.experiment.seeds import controls_of
from langneurons.experiment.stage_checks import (
    RUN,
    check_cloze,
    check_component_deactivation,
    check_deactivation,
    check_doses,
    check_enhancement,
    check_knowledge,
    check_steering,
    demand,
)
from langneurons.responses.language import check_languages
from langneurons.responses.prompts import check_template, check_translation_template


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
    check_methods(config)
    _check_datasets(config, languages_to_align(config, models))
    run = [name for name, model in models.items() if not model.counts]
    if run:
        _check_folds(config)
    for index, comparison in enumerate(config.comparisons):
        _check_comparison(f"config: comparisons.{index}", comparison, config, list(models))
    check_controls(config.comparisons, models)
    check_deactivation(config, run)
    check_steering(config, run)
    check_doses(config, run)
    check_cloze(config, run)
    check_component_deactivation(config, run)
    check_enhancement(config, run)
    check_knowledge(config, run)
    _check_parallel(config, run)
    _check_identifier(config, run)
    _at("config: prompt", check_template, config.prompt)


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
            _check_gguf(key, model)
        _check_writer(f"{key}.responses_from", name, model.responses_from, config, names)
    if config.alignment is not None and config.alignment.translation is not None:
        check_place("alignment.translation.path", config.alignment.translation.path)


def _check_gguf(key: str, model: LoadedModel) -> None:
    if model.gguf is None and model.sha256 is not None:
        raise InputError(
            f"{key}.sha256: found a digest without a file, expected the key gguf beside it"
        )
    if model.gguf is not None and Path(model.path).is_dir():
        _at(f"{key}.gguf", file_in, model.path, model.gguf)


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


def _check_datasets(config: Configuration, aligned: list[str]) -> None:
    for name, dataset in config.datasets.items():
        if name == QUESTIONS:
            raise InputError(
                f"config: datasets.{name}: this name is kept for the questions of an alignment"
            )
        if name.endswith(HELD_OUT):
            raise InputError(
                f"config: datasets.{name}: names that end with {HELD_OUT!r} are kept for the "
                "held-out parts of data sets"
            )
        _check_dataset(f"datasets.{name}", dataset, config.languages)
    if config.alignment is not None:
        _check_dataset("alignment.questions", config.alignment.questions, aligned)
        prompt = config.alignment.question_translation.prompt
        key = "config: alignment.question_translation.prompt"
        _at(key, check_translation_template, prompt)


def _check_folds(config: Configuration) -> None:
    """Refuse more folds than a data set can have problems, where that is known already.

    For all others it is known once their corpus is there.
    """
    folds = config.uncertainty.folds
    if folds is None:
        return
    for name, dataset in without_facts(config.datasets).items():
        for key in ("problems", "limit"):
            given = dataset.settings(key).get(key)
            if given is not None and given - dataset.held_out < folds:
                held_out = " less held_out" if dataset.held_out else ""
                raise InputError(
                    f"config: uncertainty.folds: found {folds}, expected at most "
                    f"{given - dataset.held_out}, the number of problems in dataset {name!r} "
                    f"(datasets.{name}.{key}{held_out})"
                )


def _check_dataset(key: str, dataset: AnyDatasetOrFacts, languages: list[str]) -> None:
    if isinstance(dataset, Facts):
        _check_facts(f"config: {key}", dataset, languages)
        return
    if isinstance(dataset, Texts):
        _check_windows(f"config: {key}", dataset)
    if isinstance(dataset, DemoDataset) or on_hub(dataset):
        return
    for language in languages:
        expected = Path(dataset.path.replace("{language}", language))
        if not expected.exists():
            raise InputError(f"config: {key}.path: no such file or folder {expected}")


def _check_facts(key: str, dataset: Facts, languages: list[str]) -> None:
    if dataset.path is not None:
        unread = dataset.model_fields_set - {"format", "path", "limit"}
        if unread:
            raise InputError(
                f"{key}: found the key {min(unread)!r}, which is about facts of countries, beside "
                "'path'; expected one or the other"
            )
        files = [Path(dataset.path)]
    else:
        names = ["territories.csv", "currencies.csv", *(f"{name}.yaml" for name in languages)]
        files = [Path(dataset.folder, name) for name in names]
    for file in files:
        if not file.is_file():
            place = "folder" if dataset.path is None else "path"
            raise InputError(f"{key}.{place}: no such file {file}")


def _check_windows(key: str, dataset: Texts) -> None:
    if (dataset.length is None) != (dataset.tokens is None):
        given, lacking = ("length", "tokens") if dataset.length else ("tokens", "length")
        raise InputError(
            f"{key}: found the key {given!r} without {lacking!r}; expected both, for documents to "
            "be cut into windows, or neither"
        )


def _check_identifier(config: Configuration, run: list[str]) -> None:
    """Demand that languages can be told apart, if any answer's language is to be identified."""
    # Texts are read and answer nothing, so that there is nothing to grade.
    asked = not all(map(holds_texts, without_facts(config.datasets).values()))
    graded = config.accuracy is not None and asked
    if run and (graded or config.steering is not None):
        section = "accuracy" if graded else "steering"
        _at(f"config: {section}", check_languages, config.languages)


def _check_comparison(
    key: str, comparison: Comparison, config: Configuration, names: list[str]
) -> None:
    sides = [("before", comparison.before), ("after", comparison.after)]
    for side, name in [*sides, *(("control", name) for name in controls_of(comparison))]:
        if name not in names:
            raise InputError(f"{key}.{side}: unknown model {name!r}; models: {', '.join(names)}")
    if comparison.before == comparison.after:
        raise InputError(f"{key}: before and after are both {comparison.before!r}")
    foreign = set(comparison.trained or []) - set(config.languages)
    if foreign:
        raise InputError(f"{key}.trained: {sorted(foreign)[0]!r} is not one of the languages")
    before, after = (datasets_of(config, name) for name in (comparison.before, comparison.after))
    run = not any(isinstance(config.models.get(name), PublishedModel) for _, name in sides)
    if not set(before) & set(after) and not (run and facts_of(config.datasets)):
        raise InputError(f"{key}: the two models have no dataset in common")


def _check_parallel(config: Configuration, run: list[str]) -> None:
    """Check the stages that need parallel texts."""
    for stage in ("retrieval", "sharing"):
        section = getattr(config, stage)
        if section is None:
            continue
        demand(f"{stage}.models", section.models or [], run, RUN)
        for name, dataset in without_facts(config.datasets).items():
            if windows_of(dataset):
                raise InputError(
                    f"config: {stage}: dataset {name!r} is documents cut into windows "
                    f"(datasets.{name}.length), which have no partners in other languages; "
                    "expected parallel texts in all data sets"
                )
    if config.retrieval is not None:
        _at("config: retrieval.prompt", check_translation_template, config.retrieval.prompt)


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
