"""The models of an experiment: loaded, known by published counts, or made by the workflow."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from langneurons.errors import InputError
from langneurons.experiment import paths
from langneurons.experiment.alignment import Alignment
from langneurons.experiment.configuration import (
    Align,
    AlignedModel,
    Configuration,
    LoadedModel,
    PublishedModel,
)

#: The name of an alignment's questions among the data sets.
QUESTIONS = "alignment_questions"
#: How a model is loaded; an aligned model is loaded like the model at the start of its chain.
_LOADING = ("dtype", "device", "device_map", "trust_remote_code")


@dataclass(frozen=True)
class Made:
    """How the workflow makes a model from another one."""

    of: str
    """The alignment: the model itself, or the one whose checkpoint it is."""
    step: int
    """The training step of its adapter."""
    source: str
    """The model that is aligned."""
    languages: list[str]
    """The languages aligned with the pivot."""
    checkpoints: list[int] = field(default_factory=list)
    """Steps of the alignment that are models too; empty for a checkpoint itself."""


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
    return list(settings.counts if isinstance(settings, PublishedModel) else config.datasets)


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
        _check_alignment(aligned[0], config)
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
    return models


def _loaded(name: str, writer: str, settings: LoadedModel) -> Model:
    spec = {k: v for k, v in settings.settings().items() if k != "responses_from"}
    if settings.gguf is None:
        return Model(name, writer, spec)
    gguf = settings.settings("path", "gguf", "revision", "sha256")
    kept = {key: spec[key] for key in spec if key not in gguf}
    return Model(name, writer, {"path": paths.checkpoint.format(model=name), **kept}, gguf=gguf)


def alignment_of(config: Configuration) -> Alignment:
    """Return the section ``alignment``, which a configuration that aligns models has."""
    assert config.alignment is not None
    return config.alignment


def _with_checkpoints(name: str, settings: AlignedModel, config: Configuration) -> dict[str, Model]:
    """Return the models that an alignment makes: its checkpoints, then the aligned model."""
    loading = config.models[_origin(name, config)].settings(*_LOADING)
    made = _made(name, settings.align, config)
    _check_made(name, made, config)
    steps = {f"{name}@{step}": step for step in made.checkpoints}
    taken = next((checkpoint for checkpoint in steps if checkpoint in config.models), None)
    if taken:
        raise InputError(f"config: models.{taken}: this is the name of a checkpoint of {name!r}")
    models = {}
    for own, step in {**steps, name: made.step}.items():
        models[own] = Model(
            own,
            writer=own if settings.responses_from == "own" else settings.responses_from,
            spec={"path": paths.checkpoint.format(model=own), **loading},
            made=made if own == name else replace(made, step=step, checkpoints=[]),
        )
    return models


def _made(name: str, align: Align, config: Configuration) -> Made:
    training = alignment_of(config).training
    checkpoints = training.checkpoints if align.checkpoints is None else align.checkpoints
    others = [language for language in config.languages if language != config.pivot]
    languages = align.languages or others
    return Made(name, training.steps, align.source, languages, sorted(checkpoints))


def _origin(name: str, config: Configuration) -> str:
    """Return the model with a path of its own that a chain of alignments starts from."""
    seen: list[str] = []
    while isinstance(model := config.models[name], AlignedModel):
        if name in seen:
            raise InputError(
                f"config: models.{name}.align.from: found a circle, "
                f"{' from '.join([*seen[seen.index(name) :], name])}; expected a chain that "
                "ends at a model with a path"
            )
        seen.append(name)
        source, key = model.align.source, f"config: models.{name}.align.from"
        if source == name:
            raise InputError(f"{key}: found the model itself, expected another one")
        base, at, _ = source.rpartition("@")
        # A checkpoint belongs to the model before the @: follow that model's chain.
        name = base if at and source not in config.models else source
        if name not in config.models:
            raise InputError(f"{key}: unknown model {source!r}; models: {', '.join(config.models)}")
        if isinstance(config.models[name], PublishedModel):
            raise InputError(f"{key}: model {name!r} has published counts only, nothing to train")
    return name


def _check_made(name: str, made: Made, config: Configuration) -> None:
    key = f"config: models.{name}.align"
    base, _, step = made.source.rpartition("@")
    if made.source not in config.models:
        model = config.models[base]
        steps = (
            _made(base, model.align, config).checkpoints if isinstance(model, AlignedModel) else []
        )
        if step not in map(str, steps):
            raise InputError(
                f"{key}.from: {base!r} has no checkpoint {step!r}; checkpoints: "
                f"{' '.join(map(str, steps)) or 'none'}"
            )
    allowed = [language for language in config.languages if language != config.pivot]
    for language in made.languages:
        if language not in allowed:
            raise InputError(
                f"{key}.languages: found {language!r}, expected some of {' '.join(allowed)} (the "
                f"languages, but for the pivot {config.pivot})"
            )
    codes = alignment_of(config).translation.codes
    for language in [config.pivot, *made.languages]:
        if codes is not None and language not in codes:
            raise InputError(
                f"config: alignment.translation.codes: no translation code for language "
                f"{language!r}; found codes for {' '.join(codes)}"
            )
    late = [step for step in made.checkpoints if step > made.step]
    if late:
        raise InputError(
            f"{key}.checkpoints: found {late[0]}, expected steps up to the last one, {made.step}"
        )


def _check_alignment(name: str, config: Configuration) -> None:
    """Check the section ``alignment`` that the aligned model ``name`` needs."""
    if config.alignment is None:
        raise InputError(
            f"config: models.{name}.align: found no section 'alignment', expected one that says "
            "from which questions and by which translation model to align"
        )
    training = config.alignment.training
    if training.batch % training.micro_batch:
        raise InputError(
            f"config: alignment.training.micro_batch: found {training.micro_batch}, expected a "
            f"divisor of batch ({training.batch})"
        )
