"""The cells of doses: the first neurons of a language by each method's rank, and their controls.

Methods that rank the same neurons first share a cell, which is measured once.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from langneurons.interventions.matching import Controls
from langneurons.job import CONSOLE

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Dose:
    """What a cell is measured for."""

    method: str
    language: str
    size: int
    control_seed: int | None


@dataclass(frozen=True)
class Cell:
    """Neurons that are switched off together."""

    neurons: np.ndarray
    """Boolean, (L, D)."""
    doses: list[Dose] = field(default_factory=list)
    """None where no neurons are switched off."""


def dose_cells(
    ranked: Mapping[str, Mapping[str, np.ndarray]],
    shape: tuple[int, int],
    sizes: Sequence[int],
    control_seeds: int,
    controls: Controls,
) -> list[Cell]:
    """Return all cells: no neurons first, then each set of neurons once.

    Where a language has fewer neurons than a size, all of them are switched off, and no larger
    sizes; where it has none, nothing is.

    Parameters
    ----------
    ranked
        Method → language → positions of its neurons, in the order in which they are switched off.
    shape
        (L, D) of the model.
    sizes
        How many neurons are switched off.
    control_seeds
        Number of random controls of each cell.
    controls
        Draws the controls: equal neurons of a language have equal ones, whichever the method.
    """
    nothing = Cell(np.zeros(shape, dtype=bool))
    cells: dict[bytes, Cell] = {}
    for method, by_language in ranked.items():
        for language, order in by_language.items():
            _say_if_few(method, language, len(order), max(sizes))
            for size in _within(sizes, len(order)):
                first = order[:size]
                mask = nothing.neurons.copy()
                mask.flat[first] = True
                sets: dict[int | None, np.ndarray] = {None: mask}
                for seed in range(control_seeds):
                    sets[seed] = controls.draw(mask, seed, f"{len(first)} first", language)
                for control_seed, neurons in sets.items():
                    cell = cells.setdefault(neurons.tobytes(), Cell(neurons))
                    cell.doses.append(Dose(method, language, size, control_seed))
    return [nothing, *cells.values()]


def _within(sizes: Sequence[int], number: int) -> Iterator[int]:
    """Yield sizes in order, up to the first that takes all there are."""
    for size in sorted(sizes) if number else ():
        yield size
        if size >= number:
            return


def _say_if_few(method: str, language: str, number: int, largest: int) -> None:
    if number < largest:
        done = "all of them are switched off at most" if number else "nothing is switched off"
        logger.warning(
            "%s has %d neurons of %s, fewer than %d: %s",
            *(method, number, language, largest, done),
            extra=CONSOLE,
        )
