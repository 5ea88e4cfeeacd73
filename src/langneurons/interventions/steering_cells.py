"""The cells of steering and their controls: which neurons are lowered and which are raised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from langneurons.interventions.matching import Controls
from langneurons.interventions.schemas import CONTROL, NONE, STEERED


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
    """Boolean, (L, D): neurons raised, by the value that each has in the target language."""
    mode: str | None = None
    """What happens to them, one of `MODES`; None where nothing is raised."""
    factor: float | None = None
    """Multiplies that value, or in mode ``scale`` the activation; None where nothing is raised."""
    empty: bool = False
    """Whether source or target has no neurons, so that there is nothing to measure."""


def cells_of(
    masks: Mapping[str, np.ndarray],
    steered: Sequence[str],
    control_seeds: int,
    doses: Sequence[tuple[str, float]],
    controls: Controls,
) -> list[Cell]:
    """Return all cells: ``none`` for each language, then pairs and controls by target language.

    Parameters
    ----------
    masks
        Language → boolean array (L, D) of its neurons, of all languages.
    steered
        Those steered from and to.
    control_seeds
        Number of random controls per pair.
    doses
        Mode and factor of what happens to raised neurons: of each pair and its controls, the same
        neurons in all.
    controls
        Draws the controls, never from the neurons of any language.
    """
    nothing = np.zeros_like(next(iter(masks.values())))
    cells = [Cell(NONE, None, source, None, nothing, nothing) for source in steered]
    for target in steered:
        for source in steered:
            if source == target:
                continue
            raised, own = masks[target], masks[source]
            # Shared neurons are only raised: switching them off would work against the steering.
            lowered = own & ~raised
            empty = not (own.any() and raised.any())
            drawn = [
                _control(controls, lowered, raised, seed, f"{source} to {target}")
                for seed in range(control_seeds)
            ]
            for dose in doses:
                cells.append(Cell(STEERED, None, source, target, lowered, raised, *dose, empty))
                cells += [
                    Cell(CONTROL, seed, source, target, *both, *dose, empty)
                    for seed, both in enumerate(drawn)
                ]
    return cells


def _control(
    controls: Controls,
    lowered: np.ndarray,
    raised: np.ndarray,
    seed: int,
    pair: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw as many other neurons in each layer, as many to lower and as many to raise."""
    drawn_raised = controls.draw(raised, seed, "raised", pair)
    drawn_lowered = controls.draw(lowered, seed, "lowered", pair, drawn_raised)
    return drawn_lowered, drawn_raised
