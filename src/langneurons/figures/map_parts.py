"""Shared parts of the change maps: the scale, its colour bar, empty rows, what controls are."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from langneurons.figures.style import FAINT
from langneurons.neurons.controls import ACTIVITY, QUANTITIES
from langneurons.neurons.sets import is_whole


def largest_change(changes: Iterable[np.ndarray]) -> float:
    """Return the largest finite change in either direction, to end a scale; 1 if there is none."""
    sizes = np.abs(np.concatenate([np.ravel(part) for part in changes]).astype(float))
    return float(sizes[np.isfinite(sizes)].max(initial=0)) or 1.0


def colour_bar(
    panels: Iterable[Axes], colour_map: str, ends: tuple[float, float], unit: str, **ticks: Any
) -> None:
    """Draw the colour bar that several panels share, to their right.

    Parameters
    ----------
    ends
        The values at the two ends of the colours.
    ticks
        Further arguments of ``Figure.colorbar``.
    """
    panels = list(panels)
    scale = ScalarMappable(Normalize(*ends), colour_map)
    bar = panels[0].figure.colorbar(scale, ax=panels, fraction=0.03, pad=0.015, **ticks)
    bar.set_label(unit)
    bar.outline.set_visible(False)


def say_no_neurons(axes: Axes, row: int, columns: int) -> None:
    """Write "no neurons" across the row of a language that has none to switch off."""
    middle = (columns / 2, row + 0.5)
    axes.text(*middle, "no neurons", ha="center", va="center", fontsize=6, color=FAINT)


def say_alike(provenance: Mapping[str, Any]) -> str:
    """Say what random controls are matched on beside the layer, and how far apart; else nothing.

    Parameters
    ----------
    provenance
        That of a table of deactivation or steering.
    """
    if provenance.get("parameters", {}).get("control") != ACTIVITY:
        return ""
    whole = [one for one in provenance["controls"] if is_whole(one["set"])]
    apart = max((abs(one[name]) for one in whole for name in QUANTITIES), default=0.0)
    return (
        ", each like one of the set in peak probability and ‖W_down‖ (means apart by at most "
        f"{apart:.2f} standard deviations of a layer)"
    )
