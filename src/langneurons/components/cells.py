"""The cells of a deactivation by component: a language's neurons of a stage, and their controls.

Components or stages that come to the same neurons share a cell, which is measured once.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from langneurons.components.schemas import ALL
from langneurons.interventions.matching import Controls
from langneurons.job import CONSOLE

logger = logging.getLogger(__name__)

#: Component → boolean, (L, D of the component).
Masks = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Purpose:
    """What a cell is measured for."""

    component: str
    stage: str
    language: str
    control_seed: int | None


@dataclass(frozen=True)
class Cell:
    """Neurons that are switched off together."""

    neurons: Masks
    """Of every component; none where no neurons are switched off."""
    purposes: list[Purpose] = field(default_factory=list)
    """None where no neurons are switched off."""

    @property
    def number(self) -> int:
        """How many neurons they are."""
        return sum(int(mask.sum()) for mask in self.neurons.values())

    @property
    def packed(self) -> list[bytes]:
        """The neurons as bytes, component by component."""
        return [np.packbits(mask).tobytes() for mask in self.neurons.values()]


def component_cells(
    own: Mapping[str, Masks],
    controls: Mapping[str, Controls],
    components: Sequence[str],
    stages: Mapping[str, slice],
    control_seeds: int,
) -> list[Cell]:
    """Return all cells: no neurons first, then each set of neurons once.

    A control is drawn for a language's neurons of a component in all layers; in a stage it is the
    part of it that lies there, which has as many neurons in each layer as the language has.

    Parameters
    ----------
    own
        Language → its neurons of each component.
    controls
        Component → what draws its controls.
    components, stages
        What is switched off: components, or `ALL` for all that have neurons; stages and their
        layers.
    control_seeds
        Number of random controls of each cell.
    """
    nothing = Cell({})
    cells: dict[tuple[bytes, ...], Cell] = {}
    for language, masks in own.items():
        sets: dict[int | None, Masks] = {None: masks}
        for seed in range(control_seeds):
            sets[seed] = {
                name: controls[name].draw(mask, seed, name, language)
                for name, mask in masks.items()
            }
        for component in components:
            for stage, layers in stages.items():
                if not any(mask.any() for mask in _part(masks, component, layers).values()):
                    _say_empty(component, stage, language)
                    continue
                for control_seed, neurons in sets.items():
                    cell = Cell(_part(neurons, component, layers))
                    cell = cells.setdefault(tuple(cell.packed), cell)
                    cell.purposes.append(Purpose(component, stage, language, control_seed))
    return [nothing, *cells.values()]


def _part(masks: Masks, component: str, layers: slice) -> Masks:
    """Return the neurons of a component, or of all, in some layers; the others are left on."""
    return {
        name: _within(mask, layers) if component in (ALL, name) else np.zeros_like(mask)
        for name, mask in masks.items()
    }


def _within(mask: np.ndarray, layers: slice) -> np.ndarray:
    part = np.zeros_like(mask)
    part[layers] = mask[layers]
    return part


def _say_empty(component: str, stage: str, language: str) -> None:
    what = "all components" if component == ALL else component
    where = "all layers" if stage == ALL else stage.replace("_", " ")
    logger.warning(
        "%s has no neurons of %s in %s: nothing is switched off",
        *(language, what, where),
        extra=CONSOLE,
    )
