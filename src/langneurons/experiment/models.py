"""The models of an experiment: loaded, known by published counts, or made by the workflow."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from langneurons.errors import InputError
from langneurons.experiment import paths
from langneurons.experiment.configuration import Configuration
from langneurons.experiment.datasets import without_facts
from langneurons.experiment.made import Made, alignment_of, check_alignment, made_by, origin
from langneurons.experiment.model_sections import AlignedModel, LoadedModel, PublishedModel

#: The name of an alignment's questions among the data sets.
QUESTIONS = "alignment_questions"
#: How a model is loaded; an aligned model is loaded like the model at the start of its chain, but
#: for its dtype.
_LOADING = ("device", "device_map", "trust_remote_code")


@dataclass(frozen=True)
class Model:
    """A model of the experiment; checkpoints of an alignment are models too."""

    name: str
    writer: str
    """Whose responses it is measured on: a model's name, or ``data``."""
    spec: dict[str, Any] = field(default_factory=dict)
    """Which checkpoint to load, and how; empty for published counts."""
    counts: Mapping[str, str] = field(default_factory=dict)
    """Data set → folder of published counts; empty for a model that is run."""
    made: Made | None = None
    """How the workflow makes it; None if it already exists."""
    gguf: Mapping[str, str] = field(default_factory=dict)
    """Which GGUF file the workflow turns into its checkpoint; empty for any other model."""

    @property
    def is_checkpoint(self) -> bool:
        """Whether it is an intermediate checkpoint of an alignment."""
        return self.made is not None and self.made.of != self.name


def datasets_of(config: Configuration, model: str) -> list[str]:
    """Return the names of the data sets that a model is analysed on."""
    settings = config.models.get(model)
    return list(
        settings.counts if isinstance(settings, PublishedModel) else without_facts(config.datasets)
    )


def languages_to_align(config: Configuration, models: Mapping[str, Model]) -> list[str]:
    """Return the languages of the questions to align by: the pivot, and those aligned with it."""
    made = [model.made for model in models.values() if model.made is not None]
    needed = {config.pivot, *(language for one in made for language in one.languages)}
    return [language for language in config.languages if language in needed]


def resolved_models(config: Configuration) -> dict[str, Model]:
    """Return all models by name; the checkpoints of an aligned model come before it.

    Raises
    ------
    InputError
        If a model is aligned from itself, in a circle, or from one that is unknown or known by
        published counts only; if the section ``alignment`` is missing or its batches do not divide;
        if a language cannot be aligned or translated; if a checkpoint is unknown, beyond the last
        step, or has the name of another model.
    """
    aligned = [name for name, m in config.models.items() if isinstance(m, AlignedModel)]
    if aligned:
        check_alignment(aligned[0], config)
    models = {}
    for name, settings in config.models.items():
        if isinstance(settings, PublishedModel):
            models[name] = Model(name, writer=name, counts=settings.counts)
            continue
        writer = name if settings.responses_from == "own" else settings.responses_from
        if not isinstance(settings, AlignedModel):
            models[name] = _loaded(name, writer, settings)
            continue
        models |= _with_checkpoints(name, settings, config)
    for name in dict.fromkeys(origin(one, config) for one in aligned):
        models[name] = _in_one_dtype(name, models[name], alignment_of(config).merge_dtype)
    return models


def _loaded(name: str, writer: str, settings: LoadedModel) -> Model:
    spec = {k: v for k, v in settings.settings().items() if k != "responses_from"}
    if settings.gguf is None:
        return Model(name, writer, spec)
    gguf = settings.settings("path", "gguf", "revision", "sha256")
    kept = {key: spec[key] for key in spec if key not in gguf}
    return Model(name, writer, {"path": paths.checkpoint.format(model=name), **kept}, gguf=gguf)


def _with_checkpoints(name: str, settings: AlignedModel, config: Configuration) -> dict[str, Model]:
    """Return the models that an alignment makes: its checkpoints, then the aligned model."""
    loading = config.models[origin(name, config)].settings(*_LOADING)
    made = made_by(name, settings.align, config)
    steps = {f"{name}@{step}": step for step in made.checkpoints}
    taken = next((checkpoint for checkpoint in steps if checkpoint in config.models), None)
    if taken:
        raise InputError(f"config: models.{taken}: this is the name of a checkpoint of {name!r}")
    models = {}
    for own, step in {**steps, name: made.step}.items():
        models[own] = Model(
            own,
            writer=own if settings.responses_from == "own" else settings.responses_from,
            spec={
                "path": paths.checkpoint.format(model=own),
                **loading,
                "dtype": alignment_of(config).merge_dtype,
            },
            made=made if own == name else replace(made, step=step, checkpoints=[]),
        )
    return models


def _in_one_dtype(name: str, model: Model, dtype: str) -> Model:
    """Return a model that others are aligned from, loaded in the numbers that they are kept in.

    Between models in other numbers, rounding would pass for a change by the alignment.
    """
    found = model.spec.get("dtype", "auto")
    if found not in ("auto", dtype):
        raise InputError(
            f"config: models.{name}.dtype: found {found}, but the models aligned from it are kept "
            f"in {dtype} (alignment.merge_dtype), and rounding would pass for a change by the "
            f"alignment; expected the same in both, and {found} loses a small update"
        )
    return replace(model, spec={**model.spec, "dtype": dtype})
