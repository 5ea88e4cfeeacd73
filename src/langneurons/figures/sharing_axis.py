"""What the figures by N, the number of languages a neuron is active for, have in common."""

import pandas as pd
from matplotlib.axes import Axes

from langneurons.figures.frame import Page
from langneurons.figures.style import COLUMN, TEXT

SHARING_NOTE = "N: languages for which a neuron's p exceeds τ."
#: population → its name on the figure.
_PANELS = {"all": "all neurons", "selected": "selected neurons"}
_MANY_BARS = 13
#: Inches of the figure's width that the bars do not use.
_BESIDE = 0.6


def sharing_panels(page: Page, first: int, last: int, height: float) -> dict[str, Axes]:
    """Make two panels over N = first..last, one above the other.

    Parameters
    ----------
    height
        Total height of both panels in inches.

    Returns
    -------
    dict
        Population of a sharing table (all, selected) → its panel.
    """
    width = COLUMN if last - first + 1 <= _MANY_BARS else TEXT
    panels = page.panels(width, height, nrows=2, sharex=True)
    for axes, name in zip(panels, _PANELS.values(), strict=True):
        axes.set_title(name, loc="left")
    lowest = panels[-1]
    lowest.set_xticks(range(first, last + 1))
    lowest.set_xlim(first - 0.6, last + 0.6)
    lowest.tick_params(axis="x", length=0)
    lowest.set_xlabel("N, number of languages a neuron is active for")
    page.figure.align_ylabels(panels)
    return dict(zip(_PANELS, panels, strict=True))


def bar_pitch(page: Page, groups: int) -> float:
    """Approximate distance between neighbouring bars, or groups of them, in inches."""
    return (page.figure.get_figwidth() - _BESIDE) / groups


def changes_by_n(sharing: pd.DataFrame, population: str) -> pd.DataFrame:
    """Changes in the number of a population's neurons with N = 1..K; N = 0 is left out."""
    return sharing[(sharing["population"] == population) & (sharing["n_languages"] > 0)]
