"""The axis of N, the number of languages that a neuron is active for."""

from matplotlib.axes import Axes

from langneurons.figures.style import COLUMN, TEXT

#: population → its name on the figure.
PANELS = {"all": "all neurons", "selected": "selected neurons"}
SHARING_NOTE = "N: languages for which a neuron's activation probability exceeds τ."
_MANY_BARS = 13


def sharing_width(bars: int) -> float:
    """Width of a figure of this many (groups of) bars, in inches."""
    return COLUMN if bars <= _MANY_BARS else TEXT


def sharing_axis(axes: Axes, first: int, last: int) -> None:
    """Lay out the x axis for N = first..last."""
    axes.set_xticks(range(first, last + 1))
    axes.set_xlim(first - 0.6, last + 0.6)
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel("N, number of languages a neuron is active for")
