"""Numbers of neurons by the number of languages they serve, before and after (paper figure 15)."""

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
    AFTER,
    BEFORE,
    INK,
    count_axis,
    describe,
    house_style,
    label_bars,
    legend_above,
    new_figure,
    read_style,
    save,
)

_BAR = 0.4
_HEIGHT = 3.8
#: Share of each panel for the labels above the bars.
_HEADROOM = 0.28


def draw_sharing_counts(
    sharing: str | Path,
    summaries: tuple[str | Path, str | Path],
    outputs: Mapping[str, str | Path],
    title: str,
    style: Mapping[str, Any],
) -> None:
    """Draw the number of neurons with N = 0..K before and after.

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
    heading = f"Neurons by number of languages: {title}"
    notes = [SHARING_NOTE, *read_comparison_facts(sharing, summaries)]
    figure = figure_sharing_counts(read_table(sharing, SHARING), heading, notes)
    save(figure, outputs, describe(heading, notes), look.dpi)


@house_style()
def figure_sharing_counts(sharing: pd.DataFrame, heading: str, notes: list[str]) -> Figure:
    """Return the figure of `draw_sharing_counts`: one panel all neurons, one the selected."""
    K = int(sharing["n_languages"].max())
    width = sharing_width(K + 1)
    pitch = (width - 0.6) / (K + 1) * _BAR
    figure, panels = new_figure(width, _HEIGHT, heading, notes, nrows=2, sharex=True)
    for (population, name), axes in zip(PANELS.items(), panels, strict=True):
        rows = sharing[sharing["population"] == population]
        count_axis(axes, rows[["before", "after"]].to_numpy(), "neurons", _HEADROOM)
        for side, look, shift in (("before", BEFORE, -0.5), ("after", AFTER, 0.5)):
            x = np.arange(K + 1) + shift * _BAR
            axes.bar(x, rows[side], width=_BAR, edgecolor=INK, linewidth=0.4, label=side, **look)
            label_bars(axes, x, rows[side], [f"{n:,}" for n in rows[side]], pitch)
        axes.set_title(name, loc="left")
    legend_above(panels[0], _HEIGHT / 2, 2, side="right")
    sharing_axis(panels[-1], 0, K)
    figure.align_ylabels(panels)
    return figure
