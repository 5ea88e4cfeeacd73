"""A control must differ from its alignment in what aligns, and in nothing else (METHOD 11)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from langneurons.errors import InputError
from langneurons.experiment.configuration import Comparison
from langneurons.experiment.made import Made
from langneurons.experiment.models import Model
from langneurons.experiment.seeds import controls_of

#: Field of `Made` → the key that decides it. Texts, training and merge are the same for all
#: alignments of an experiment with one method.
_ALIKE = {
    "source": "align.from",
    "method": "align.method",
    "direction": "align.direction",
    "languages": "align.languages",
    "seed": "align.seeds",
    "step": "the training step",
}


def check_controls(comparisons: Sequence[Comparison], models: Mapping[str, Model]) -> None:
    """Check the controls that comparisons name; all models they name are known.

    Raises
    ------
    InputError
        If a control is none, differs from its alignment in anything but the key ``control`` or is
        measured on other texts, or no comparison names a control.
    """
    named = set()
    for index, pair in enumerate(comparisons):
        for control in controls_of(pair):
            key = f"config: comparisons.{index}.control"
            _check_control(key, models[control], models[pair.after])
            named.add(control.partition("@")[0])
    for name, model in models.items():
        if model.made and model.made.control and not model.is_checkpoint and name not in named:
            raise InputError(
                f"config: models.{name}.align.control: found {model.made.control!r}, but no "
                f"comparison names {name!r}; expected one of its alignment with the key control: "
                f"{name}"
            )


def _check_control(key: str, control: Model, after: Model) -> None:
    made = _made(key, control, f"a model with the keys align and control, as {after.name!r} has")
    if made.control is None:
        raise InputError(f"{key}: {control.name!r} has no key align.control, it is no control")
    aligned = _made(key, after, "an alignment under the key after")
    if aligned.control is not None:
        raise InputError(f"{key}: the model after, {after.name!r}, is a control itself")
    found, expected = asdict(made), asdict(aligned)
    for field, name in _ALIKE.items():
        if found[field] != expected[field]:
            raise InputError(
                f"{key}: {control.name!r} differs from {after.name!r} in {name}: found "
                f"{_text(found[field])}, expected {_text(expected[field])}; a control differs in "
                "nothing but the key control"
            )
    if (own := _reads(control)) != (other := _reads(after)):
        raise InputError(
            f"{key}: {control.name!r} is measured on responses of {own!r}, expected those of "
            f"{other!r}, as {after.name!r} is (responses_from)"
        )


def _made(key: str, model: Model, expected: str) -> Made:
    if model.made is None:
        raise InputError(
            f"{key}: {model.name!r} is not aligned by the workflow; expected {expected}"
        )
    return model.made


def _reads(model: Model) -> str:
    return "own" if model.writer == model.name else model.writer


def _text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
