"""What figures over an alignment's course have in common: shades per step, step axis, facts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from langneurons.artifacts.tables import read_provenance
from langneurons.errors import InputError
from langneurons.figures.facts import selection_facts, selection_scalars
from langneurons.figures.style import INK, signed_axis
from langneurons.neurons.table import read_summary

#: Inches that the legend takes up above the panels.
LEGEND_HEIGHT = 0.3
#: Share of white in the first checkpoint's colour, and of black in the last one's.
_LIGHTEST, _DARKEST = 0.55, 0.4
_SHAPES = "osD^vPX*"


def shades(colour: str, n: int) -> list[tuple[float, ...]]:
    """Return ``n`` shades of a colour, from light to dark."""
    ends = np.array([[1.0, 1.0, 1.0], to_rgb(colour), [0.0, 0.0, 0.0]])  # (3, RGB)
    places = np.linspace(1 - _LIGHTEST, 1 + _DARKEST, n) if n > 1 else np.ones(1)
    return [tuple(np.interp(place, [0, 1, 2], channel) for channel in ends.T) for place in places]


def draw_step_changes(
    axes: Axes, x: Sequence[int], lines: Sequence[np.ndarray], colour: str
) -> None:
    """Draw one line of changes per checkpoint, later ones darker, each with its own marker."""
    for i, (line, look) in enumerate(zip(lines, _looks(colour, len(lines)), strict=True)):
        axes.plot(x, line, zorder=3 + 0.1 * i, **look)
    axes.axhline(0, color=INK, linewidth=0.6, zorder=2)
    signed_axis(axes)


def step_legend(axes: Axes, steps: Sequence[int], colour: str, height: float, free: float) -> None:
    """Name the step of each line of `draw_step_changes`, in a legend above the axes.

    Parameters
    ----------
    steps
        Steps of the checkpoints, in order.
    height
        Approximate height of the axes in inches.
    free
        Inches to leave between the axes and the legend.
    """
    axes.legend(
        [Line2D([], [], **look) for look in _looks(colour, len(steps))],
        [f"{step:,}" for step in steps],
        title="step",
        title_fontsize=6.5,
        loc="lower left",
        bbox_to_anchor=(0.0, 1 + free / height),
        ncols=min(len(steps), 5),
        alignment="left",
        borderaxespad=0.2,
    )


def step_axis(axes: Axes, last: int) -> None:
    """Lay out the x axis for steps 0..last."""
    room = 0.02 * max(last, 1)
    axes.set_xlim(-room, last + room)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.set_xlabel("training step")


def read_dynamics_facts(
    changes: Sequence[Path], summaries: Sequence[Path], steps: Sequence[int]
) -> list[str]:
    """Facts about the selections over the course of an alignment, as lines.

    Parameters
    ----------
    changes
        One artefact from the comparison of the base with each checkpoint, in order of steps.
    summaries
        Summary artefacts of the neurons of the base and each checkpoint.
    steps
        0 for the base, then each checkpoint's step.

    Raises
    ------
    InputError
        If the lengths of the three do not match.
    """
    if not len(changes) + 1 == len(summaries) == len(steps) >= 2:
        raise InputError(
            f"figure along an alignment: {len(changes)} comparisons, {len(summaries)} summaries, "
            f"{len(steps)} steps; expected one summary and step more than comparisons"
        )
    base = read_provenance(changes[0])["before"]
    first, *rest = map(read_summary, summaries)
    scalars = [
        f"step {step:,}: {selection_scalars(row)}"
        for step, row in zip(steps[1:], rest, strict=True)
    ]
    return [f"Step 0 is {base}: {selection_facts(first)}", f"Later: {'; '.join(scalars)}."]


def _looks(colour: str, n: int) -> list[dict[str, Any]]:
    return [
        {"color": shade, "marker": _SHAPES[i % len(_SHAPES)], "markersize": 2.6, "linewidth": 0.9}
        for i, shade in enumerate(shades(colour, n))
    ]
