"""Which neurons are switched off together: those of a class, as many of each, and random ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from langneurons.neurons.controls import generator_of
from langneurons.sharing.schemas import EQUAL, WHOLE

_CONTROL = "control"


@dataclass(frozen=True)
class Cell:
    """Neurons of a model that are switched off together."""

    name: str | None
    """The class; None where nothing is switched off."""
    size: str | None
    control: bool
    seed: int | None
    neurons: np.ndarray
    """Boolean, (L, D)."""


def cells_of(sets: Mapping[str, np.ndarray], seeds: int) -> list[Cell]:
    """Return all cells: nothing, then each class whole, then as many neurons of each class.

    A class without neurons has no cells. Of `EQUAL` size are as many neurons of each class as the
    smallest one has, drawn anew by each seed, in each layer in proportion to the class's own number
    there. Controls are random neurons, as many in each layer as the set has there, of all neurons
    of the layer, whatever their class: so that they are a sample of the layer, some of which may
    be of the set itself.

    Parameters
    ----------
    sets
        Class → its neurons, boolean (L, D).
    seeds
        Number of draws.
    """
    sets = {name: neurons for name, neurons in sets.items() if neurons.any()}
    fewest = min(int(neurons.sum()) for neurons in sets.values())
    nothing = np.zeros_like(next(iter(sets.values())))
    cells = [Cell(None, None, False, None, nothing)]
    for name, neurons in sets.items():
        cells.append(Cell(name, WHOLE, False, None, neurons))
        cells += _controls([neurons] * seeds, name, WHOLE)
    for name, neurons in sets.items():
        drawn = [
            drawn_from(neurons, fewest, generator_of(seed, name, EQUAL)) for seed in range(seeds)
        ]
        cells += [Cell(name, EQUAL, False, seed, part) for seed, part in enumerate(drawn)]
        cells += _controls(drawn, name, EQUAL)
    return cells


def _controls(sets: list[np.ndarray], name: str, size: str) -> Iterator[Cell]:
    """Yield a control of each set, the seed of which is its place."""
    for seed, neurons in enumerate(sets):
        numbers = neurons.sum(axis=1)
        generator = generator_of(seed, name, size, _CONTROL)
        random = of_each_layer(np.ones_like(neurons), numbers, generator)
        yield Cell(name, size, True, seed, random)


def drawn_from(neurons: np.ndarray, number: int, generator: np.random.Generator) -> np.ndarray:
    """Draw so many neurons of a set, in each layer in proportion to the set's number there.

    What is left over by rounding down goes to the layers with the largest remainders.

    Parameters
    ----------
    neurons
        The set, boolean (L, D), of at least ``number`` neurons.

    Returns
    -------
    numpy.ndarray
        Boolean, (L, D).
    """
    quotas = neurons.sum(axis=1) * (number / neurons.sum())
    numbers = np.floor(quotas).astype(np.int64)
    remainders = quotas - numbers
    most = np.argsort(-remainders, kind="stable")[: number - numbers.sum()]
    numbers[most] += 1
    return of_each_layer(neurons, numbers, generator)


def of_each_layer(
    neurons: np.ndarray, numbers: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Draw so many neurons of a set in each layer, boolean (L, D) and integers (L,)."""
    drawn = np.zeros_like(neurons)
    for row, inside, number in zip(drawn, neurons, numbers, strict=True):
        row[generator.permutation(np.flatnonzero(inside))[:number]] = True
    return drawn
