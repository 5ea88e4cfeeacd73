"""The layer axis, with the phases shaded, numbered and named."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from langneurons.figures.frame import Page
from langneurons.figures.style import COLUMN, FAINT, INK, TEXT

#: Inches that the phase numbers take up above the axes.
NUMBERS_HEIGHT = 0.17
_SHADES = ("#E6E6E6", "#F6F6F6")
#: With more layers, the numbers of two one-layer phases would read as one at column width.
_MANY_LAYERS = 36


def layer_panels(page: Page, phases: pd.DataFrame, height: float, rows: int = 1) -> list[Axes]:
    """Make panels over the layers, one above the other, with the phases behind the data.

    Parameters
    ----------
    phases
        Phases table of the model whose layers these are.
    height
        Total height of all panels in inches.
    rows
        Number of panels.
    """
    L = int(phases["last_layer"].max()) + 1
    width = COLUMN if L <= _MANY_LAYERS else TEXT
    panels = list(page.panels(width, height, nrows=rows, sharex=True, squeeze=False)[:, 0])
    for axes in panels:
        _shade_phases(axes, phases)
        axes.set_xlim(-0.5, L - 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=True))
    _number_phases(panels[0], phases)
    panels[-1].set_xlabel("layer")
    page.figure.align_ylabels(panels)
    return panels


def draw_intervals(axes: Axes, phases: pd.DataFrame) -> None:
    """Draw the bootstrap interval of each phase's first layer as a bracket on the upper edge."""
    known = phases.dropna(subset=["first_layer_low", "first_layer_high"])
    # The first phase begins at layer 0 by definition.
    known = known[known["phase"] > 1]
    # Around the interval's own middle: a percentile interval need not contain the estimate.
    middles = (known["first_layer_low"] + known["first_layer_high"]) / 2
    axes.errorbar(
        middles - 0.5,
        np.ones(len(known)),
        xerr=known["first_layer_high"] - middles,
        transform=axes.get_xaxis_transform(),
        fmt="none",
        ecolor=INK,
        elinewidth=0.8,
        capsize=1.8,
        clip_on=False,
    )


def phase_notes(phases: pd.DataFrame) -> list[str]:
    """One line per phase: its number, name and layers."""
    return [
        f"{row.phase}  {row.name_}, {_layers(row.first_layer, row.last_layer)}"
        for row in phases.rename(columns={"name": "name_"}).itertuples()
    ]


def interval_notes(phases: pd.DataFrame, over: str) -> list[str]:
    """A line about the brackets, where the phases have bootstrap intervals over something."""
    if phases["first_layer_low"].isna().all():
        return []
    return [f"Brackets: 95 % bootstrap interval of a phase's first layer, {over}."]


def _shade_phases(axes: Axes, phases: pd.DataFrame) -> None:
    for row in phases.itertuples():
        axes.axvspan(
            row.first_layer - 0.5,
            row.last_layer + 0.5,
            color=_SHADES[row.phase % 2],
            linewidth=0,
            zorder=0,
        )
    for first in phases["first_layer"].iloc[1:]:
        axes.axvline(first - 0.5, color=FAINT, linewidth=0.5, linestyle=(0, (2, 2)), zorder=0.5)


def _number_phases(axes: Axes, phases: pd.DataFrame) -> None:
    """Write each phase's number above its span."""
    middles = (phases["first_layer"] + phases["last_layer"]) / 2
    top = axes.secondary_xaxis("top")
    top.set_xticks(middles, [str(phase) for phase in phases["phase"]])
    top.tick_params(length=0, pad=1, labelsize=6.5)
    top.spines["top"].set_visible(False)


def _layers(first: int, last: int) -> str:
    return f"layer {first}" if first == last else f"layers {first}–{last}"
