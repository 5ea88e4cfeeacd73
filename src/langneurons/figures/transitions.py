"""What became of the neurons of each type: the transition matrix as a heat map."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from langneurons.artifacts import read_table
from langneurons.comparison.positions import TRANSITIONS
from langneurons.figures.facts import read_comparison_facts
from langneurons.figures.heat_map import annotated_heat_map
from langneurons.figures.style import (
    COLUMN,
    describe,
    house_style,
    new_figure,
    read_style,
    save,
)
from langneurons.neurons import TYPES

_CELL = 0.5


def draw_transitions(
    transitions: str | Path,
    summaries: tuple[str | Path, str | Path],
    outputs: Mapping[str, str | Path],
    title: str,
    style: Mapping[str, Any],
) -> None:
    """Draw how many neurons of each type before have each type after.

    Parameters
    ----------
    transitions
        Transitions artefact of the comparison.
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
    heading = f"Types before and after: {title}"
    notes = [
        "Cells: neurons, and their share of the row's type before.",
        *read_comparison_facts(transitions, summaries),
    ]
    figure = figure_transitions(read_table(transitions, TRANSITIONS), heading, notes)
    save(figure, outputs, describe(heading, notes), look.dpi)


@house_style()
def figure_transitions(transitions: pd.DataFrame, heading: str, notes: list[str]) -> Figure:
    """Return the figure of `draw_transitions`."""
    # Rows come sorted by type before, then type after.
    numbers = transitions["neurons"].to_numpy().reshape(len(TYPES), len(TYPES))
    shares = transitions["share"].to_numpy(dtype=float).reshape(numbers.shape)
    labels = [
        [_label(number, share) for number, share in zip(*row, strict=True)]
        for row in zip(numbers, shares, strict=True)
    ]
    rows = [f"{kind}\n(n = {n:,})" for kind, n in zip(TYPES, numbers.sum(axis=1), strict=True)]
    columns = [f"{kind}\n({n:,})" for kind, n in zip(TYPES, numbers.sum(axis=0), strict=True)]
    figure, axes = new_figure(COLUMN, len(TYPES) * _CELL + 0.6, heading, notes)
    annotated_heat_map(axes, shares, labels, rows, columns, _CELL, "share of the type before")
    axes.set_ylabel("type before")
    axes.set_xlabel("type after")
    return figure


def _label(number: int, share: float) -> str:
    if np.isnan(share):
        return "0"
    # A few of very many are not none of them.
    percent = "< 0.1%" if 0 < share < 0.0005 else f"{share:.1%}"
    return f"{number:,}\n{percent}"
