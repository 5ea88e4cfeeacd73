"""How the workflow makes a model from another one, and what would keep it from that."""

from dataclasses import dataclass, field

from langneurons.errors import InputError
from langneurons.experiment.alignment import CONTROLS, PREFERENCE, TRANSLATION, Alignment
from langneurons.experiment.configuration import Configuration
from langneurons.experiment.datasets import holds_texts
from langneurons.experiment.model_sections import Align, AlignedModel, PublishedModel


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
    method: str
    """How: ``preference`` or ``translation``."""
    seed: int
    """Seed of its training and, of a control, of what is random in its data."""
    seeded: bool = False
    """Whether the configuration gives seeds, so that the model's name ends with its own."""
    direction: str | None = None
    """Of a translation: ``to_pivot``, ``from_pivot`` or ``both``."""
    control: str | None = None
    """Which control of an alignment it is; None for an alignment."""
    checkpoints: list[int] = field(default_factory=list)
    """Steps of the alignment that are models too; empty for a checkpoint itself."""


def alignment_of(config: Configuration) -> Alignment:
    """Return the section ``alignment``, which a configuration that aligns models has."""
    assert config.alignment is not None
    return config.alignment


def made_by(name: str, align: Align, config: Configuration) -> Made:
    """Return how a model is made, as its key ``align`` says.

    Raises
    ------
    InputError
        As `langneurons.experiment.models.resolved_models`, for the key ``align``.
    """
    training = alignment_of(config).training_of(align.method)
    made = Made(
        of=name,
        step=training.steps,
        source=align.source,
        languages=align.languages or others(config),
        method=align.method,
        seed=align.seeds[0] if align.seeds else training.seed,
        seeded=align.seeds is not None,
        direction=align.translates_to,
        control=align.control,
        checkpoints=_checkpoints(align, config),
    )
    _check_made(name, made, align, config)
    return made


def _checkpoints(align: Align, config: Configuration) -> list[int]:
    """Return the steps of an alignment whose models are analysed too."""
    training = alignment_of(config).training_of(align.method)
    return sorted(training.checkpoints if align.checkpoints is None else align.checkpoints)


def others(config: Configuration) -> list[str]:
    """Return all languages but the pivot."""
    return [language for language in config.languages if language != config.pivot]


def origin(name: str, config: Configuration) -> str:
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


def _check_made(name: str, made: Made, settings: Align, config: Configuration) -> None:
    key = f"config: models.{name}.align"
    base, _, step = made.source.rpartition("@")
    if made.source not in config.models:
        model = config.models[base]
        steps = _checkpoints(model.align, config) if isinstance(model, AlignedModel) else []
        if step not in map(str, steps):
            raise InputError(
                f"{key}.from: {base!r} has no checkpoint {step!r}; checkpoints: "
                f"{' '.join(map(str, steps)) or 'none'}"
            )
    allowed = others(config)
    for language in made.languages:
        if language not in allowed:
            raise InputError(
                f"{key}.languages: found {language!r}, expected some of {' '.join(allowed)} (the "
                f"languages, but for the pivot {config.pivot})"
            )
    _check_method(key, made, settings, config)
    late = [step for step in made.checkpoints if step > made.step]
    if late:
        raise InputError(
            f"{key}.checkpoints: found {late[0]}, expected steps up to the last one, {made.step}"
        )


def _check_method(key: str, made: Made, settings: Align, config: Configuration) -> None:
    """Check what only one method of alignment needs or has."""
    if made.control and CONTROLS[made.control] != made.method:
        fitting = [name for name, method in CONTROLS.items() if method == made.method]
        raise InputError(
            f"{key}.control: found {made.control!r}, expected {' or '.join(fitting)}, a control of "
            f"method {made.method!r}"
        )
    if made.method == TRANSLATION:
        return
    if settings.direction is not None:
        raise InputError(
            f"{key}.direction: found {settings.direction!r} beside method {PREFERENCE!r}, expected "
            f"it beside {TRANSLATION!r} only"
        )
    alignment = alignment_of(config)
    if alignment.translation is None:
        raise InputError(
            f"config: alignment: missing key 'translation', a model that scores the samples that "
            f"{key.removeprefix('config: ')} is to be trained on; method: {TRANSLATION} needs none"
        )
    if holds_texts(alignment.questions):
        raise InputError(
            "config: alignment.questions: found texts, expected questions that a model answers"
        )
    codes = alignment.translation.codes
    for language in [config.pivot, *made.languages]:
        if codes is not None and language not in codes:
            raise InputError(
                f"config: alignment.translation.codes: no translation code for language "
                f"{language!r}; found codes for {' '.join(codes)}"
            )


def check_alignment(name: str, config: Configuration) -> None:
    """Check the section ``alignment`` that the aligned model ``name`` needs."""
    if config.alignment is None:
        raise InputError(
            f"config: models.{name}.align: found no section 'alignment', expected one that says "
            "from which questions to align, and how"
        )
    for section in ("training", "question_translation"):
        training = getattr(config.alignment, section)
        if training.batch % training.micro_batch:
            raise InputError(
                f"config: alignment.{section}.micro_batch: found {training.micro_batch}, expected "
                f"a divisor of batch ({training.batch})"
            )
