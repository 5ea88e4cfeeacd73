"""Change of the number of neurons by the number of languages they serve (paper figure 5)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from langneurons.artifacts import read_table
from langneurons.comparison.changes import SHARING
from langneurons.figures.facts import read_comparison_facts
from langneurons.figures.sharing_axis import PANELS, SHARING_NOTE, sharing_axis, sharing_width
from langneurons.figures.style import (
    INK,
    describe,
    house_style,
    label_bars,
    new_figure,
    read_style,
    save,
    signed,
    signed_axis,
)

_BAR = 0.7


def draw_sharing_change(
    sharing: str | Path,
    summaries: tuple[str | Path, str | Path],
    outputs: Mapping[str, str | Path],
    title: str,
    style: Mapping[str, Any],
) -> None:
    """Draw the change (after − before) of the number of neurons with N = 1..K.

    Parameters
    ----------
    sharing
        Sharing artefact of the comparison.
    summaries
        Summary artefacts of the neurons, before first.
    outputs
        Paths under the keys png and pdf.
    title
        What is shown: the comparison and the data set.
    style
        The ``figures`` section of the configuration.

    Raises
    ------
    InputError
        If an artefact is missing or malformed, or ``style`` has a wrong key or value.
    """
    look = read_style(style)
    heading = f"Change by number of languages: {title}"
    notes = [
        f"Change: neurons after minus neurons before. {SHARING_NOTE}",
        *read_comparison_facts(sharing, summaries),
    ]
    figure = figure_sharing_change(read_table(sharing, SHARING), heading, notes)
    save(figure, outputs, describe(heading, notes), look.dpi)


@house_style()
def figure_sharing_change(sharing: pd.DataFrame, heading: str, notes: list[str]) -> Figure:
    """Return the figure of `draw_sharing_change`: one panel all neurons, one the selected."""
    K = int(sharing["n_languages"].max())
    width = sharing_width(K)
    figure, panels = new_figure(width, 3.2, heading, notes, nrows=2, sharex=True)
    for (population, name), axes in zip(PANELS.items(), panels, strict=True):
        rows = sharing[(sharing["population"] == population) & (sharing["n_languages"] > 0)]
        change = rows["change"].to_numpy()
        x = np.arange(1, K + 1)
        axes.bar(x, change, width=_BAR, color="#5C5C5C", zorder=3)
        axes.axhline(0, color=INK, linewidth=0.6, zorder=4)
        # Room for the labels at the bars' ends.
        low, high = min(change.min(), 0), max(change.max(), 0)
        room = 0.22 * max(high - low, 2)
        axes.set_ylim(low - room, high + room)
        signed_axis(axes)
        label_bars(axes, x, change, [signed(value) for value in change], (width - 0.6) / K)
        axes.set_title(name, loc="left")
        axes.set_ylabel("change in neurons")
    sharing_axis(panels[-1], 1, K)
    figure.align_ylabels(panels)
    return figure
