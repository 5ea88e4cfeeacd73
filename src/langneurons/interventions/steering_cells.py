"""The cells of steering and their controls: which neurons are lowered and which are raised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from langneurons.interventions.schemas import CONTROL, NONE, STEERED
from langneurons.neurons.sets import control


@dataclass(frozen=True)
class Cell:
    """One way to answer the questions in the language ``source``."""

    intervention: str
    control_seed: int | None
    source: str
    target: str | None
    lowered: np.ndarray
    """Boolean, (L, D): neurons switched off, the source's that are not also the target's."""
    raised: np.ndarray
    """Boolean, (L, D): neurons set to their value in the target language."""
    factor: float | None = None
    """Multiplies that value; None where nothing is raised."""
    empty: bool = False
    """Whether source or target has no neurons, so that there is nothing to measure."""


def cells_of(
    masks: Mapping[str, np.ndarray], control_seeds: int, factors: Sequence[float] = (1.0,)
) -> list[Cell]:
    """Return all cells: ``none`` for each language, then pairs and controls by target language.

    Parameters
    ----------
    masks
        Language → boolean array (L, D) of its neurons.
    control_seeds
        Number of random controls per pair.
    factors
        What raised neurons are multiplied by: each pair and its controls, the same at all factors.
    """
    nothing = np.zeros_like(next(iter(masks.values())))
    cells = [Cell(NONE, None, source, None, nothing, nothing) for source in masks]
    for target, raised in masks.items():
        for source, own in masks.items():
            if source == target:
                continue
            # Shared neurons are only raised: switching them off would work against the steering.
            lowered = own & ~raised
            empty = not (own.any() and raised.any())
            controls = [
                _control(lowered, raised, seed, f"{source} to {target}")
                for seed in range(control_seeds)
            ]
            for factor in factors:
                cells.append(Cell(STEERED, None, source, target, lowered, raised, factor, empty))
                cells += [
                    Cell(CONTROL, seed, source, target, *drawn, factor, empty)
                    for seed, drawn in enumerate(controls)
                ]
    return cells


def _control(
    lowered: np.ndarray, raised: np.ndarray, seed: int, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Draw as many other neurons in each layer, as many to lower and as many to raise."""
    drawn = control(lowered | raised, seed, "steering", name)
    drawn_raised = np.zeros_like(drawn)
    generator = np.random.default_rng([seed, *name.encode()])
    for row, chosen, count in zip(drawn_raised, drawn, raised.sum(axis=1), strict=True):
        row[generator.permutation(np.flatnonzero(chosen))[:count]] = True
    return drawn & ~drawn_raised, drawn_raised
