"""Alignments with several seeds become a model, and a comparison, of each seed."""

from collections.abc import Mapping
from typing import Any

from langneurons.errors import InputError
from langneurons.experiment.configuration import Comparison, Configuration
from langneurons.experiment.model_sections import AlignedModel


def with_seeds(config: Configuration) -> Configuration:
    """Return a configuration in which every alignment has one seed.

    Raises
    ------
    InputError
        If a model of a seed has the name of another model, or an alignment and its control have
        different seeds.
    """
    models: dict[str, Any] = {}
    for name, model in config.models.items():
        if not (isinstance(model, AlignedModel) and model.align.seeds):
            models[name] = model
            continue
        for seed in model.align.seeds:
            own = of_seed(name, seed)
            if own in config.models:
                raise InputError(f"config: models.{own}: this is the name of a seed of {name!r}")
            align = model.align.model_copy(update={"seeds": [seed]})
            models[own] = model.model_copy(update={"align": align})
    comparisons = [
        one
        for index, pair in enumerate(config.comparisons)
        for one in _of_each_seed(f"config: comparisons.{index}", pair, config.models)
    ]
    return config.model_copy(update={"models": models, "comparisons": comparisons})


def of_seed(name: str, seed: int) -> str:
    """Return the name of an alignment's model with a seed, or of one of its checkpoints."""
    base, at, step = name.partition("@")
    return f"{base}-seed{seed}{at}{step}"


def without_seed(name: str, seed: int) -> str:
    """Return the name that `of_seed` was given."""
    base, at, step = name.partition("@")
    return f"{base.removesuffix(f'-seed{seed}')}{at}{step}"


def controls_of(pair: Comparison) -> list[str]:
    """Return the controls that a comparison names."""
    return [pair.control] if isinstance(pair.control, str) else list(pair.control or [])


def _seeds(model: Any) -> list[int]:
    return (model.align.seeds or []) if isinstance(model, AlignedModel) else []


def _of_each_seed(key: str, pair: Comparison, models: Mapping[str, Any]) -> list[Comparison]:
    """Return a comparison for each seed of the model after."""
    seeds = _seeds(models.get(pair.after.partition("@")[0]))
    controls = controls_of(pair)
    for control in controls:
        found = _seeds(models.get(control.partition("@")[0]))
        if found != seeds:
            raise InputError(
                f"{key}.control: {control!r} has the seeds {_listed(found)}, expected those of "
                f"{pair.after!r}, {_listed(seeds)}"
            )
    return [
        pair.model_copy(
            update={
                "after": of_seed(pair.after, seed),
                "control": [of_seed(control, seed) for control in controls] or None,
            }
        )
        for seed in seeds
    ] or [pair]


def _listed(seeds: list[int]) -> str:
    return " ".join(map(str, seeds)) or "none"
