"""The cells of deactivation: which neurons are switched off together, and their controls."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from langneurons.interventions.matching import Controls
from langneurons.interventions.schemas import NONE
from langneurons.neurons.sets import SPECIFIC, SPECIFIC_RANDOM, WITH_RELATED


@dataclass(frozen=True)
class Cell:
    """Neurons that are switched off together."""

    set: str
    control_seed: int | None
    deactivated: str | None
    neurons: np.ndarray
    """Boolean, (L, D)."""

    @property
    def empty(self) -> bool:
        """Whether the set has no neurons, so that there is nothing to measure."""
        return self.set != NONE and not self.neurons.any()


def cells_of(
    sets: Mapping[str, np.ndarray],
    control_seeds: int,
    languages: Sequence[str],
    controls: Controls,
) -> list[Cell]:
    """Return all cells: ``none``, then each set of each language, followed by its controls.

    Where both sets are there, `SPECIFIC_RANDOM` comes last: a language's specific neurons with as
    many random ones as it has related neurons; nothing where it has none.

    Parameters
    ----------
    sets
        Name → boolean array (K, L, D).
    control_seeds
        Number of random controls per set.
    languages
        The K languages.
    controls
        Draws the controls, never from language neurons.
    """
    nothing = np.zeros_like(next(iter(sets.values()))[0])
    cells = [Cell(NONE, None, None, nothing)]
    for name, masks in sets.items():
        for language, mask in zip(languages, masks, strict=True):
            cells.append(Cell(name, None, language, mask))
            for seed in range(control_seeds):
                drawn = controls.draw(mask, seed, name, language)
                cells.append(Cell(name, seed, language, drawn))
    if {SPECIFIC, WITH_RELATED} <= sets.keys():
        cells += _beside_specific(sets, control_seeds, languages, controls)
    return cells


def _beside_specific(
    sets: Mapping[str, np.ndarray],
    control_seeds: int,
    languages: Sequence[str],
    controls: Controls,
) -> Iterator[Cell]:
    masks = zip(languages, sets[SPECIFIC], sets[WITH_RELATED], strict=True)
    for language, specific, whole in masks:
        related = whole & ~specific
        for seed in range(control_seeds):
            drawn = controls.draw(related, seed, SPECIFIC_RANDOM, language)
            neurons = (specific & related.any()) | drawn
            yield Cell(SPECIFIC_RANDOM, seed, language, neurons)
