"""Change of each type by layer, before to after (paper figure 4)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from langneurons.artifacts import read_table
from langneurons.comparison.changes import LAYERS
from langneurons.figures import layer_axis
from langneurons.figures.facts import read_comparison_facts
from langneurons.figures.style import (
    INK,
    Style,
    describe,
    house_style,
    new_figure,
    read_style,
    save,
    signed,
    signed_axis,
)
from langneurons.phases import TYPED, read_phases


def draw_layer_change(
    layers: str | Path,
    phases: str | Path,
    summaries: tuple[str | Path, str | Path],
    outputs: Mapping[str, str | Path],
    title: str,
    style: Mapping[str, Any],
) -> None:
    """Draw the change (after − before) of each type's number of neurons in each layer.

    Parameters
    ----------
    layers
        Layers artefact of the comparison.
    phases
        Phases artefact of the model before.
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
    segments = read_phases(phases)
    heading = f"Change by layer: {title}"
    notes = [
        "Δ: neurons after minus neurons before. Phases of the model before:",
        *layer_axis.phase_notes(segments),
        *read_comparison_facts(layers, summaries),
    ]
    figure = figure_layer_change(read_table(layers, LAYERS), segments, heading, notes, look)
    save(figure, outputs, describe(heading, notes), look.dpi)


@house_style()
def figure_layer_change(
    layers: pd.DataFrame, phases: pd.DataFrame, heading: str, notes: list[str], style: Style
) -> Figure:
    """Return the figure of `draw_layer_change`: one panel a type, each on its own scale."""
    L = int(layers["layer"].max()) + 1
    width = layer_axis.layer_width(L)
    figure, panels = new_figure(width, 3.4, heading, notes, nrows=len(TYPED), sharex=True)
    for kind, axes in zip(TYPED, panels, strict=True):
        change = layers.loc[layers["type"] == kind, "change"].to_numpy()
        axes.bar(np.arange(L), change, width=0.75, color=style.colours[kind], zorder=3)
        axes.axhline(0, color=INK, linewidth=0.6, zorder=4)
        reach = max(np.abs(change).max(), 1) * 1.1
        axes.set_ylim(-reach, reach)
        signed_axis(axes)
        layer_axis.layer_axis(axes, L, phases)
        axes.set_ylabel(f"Δ {kind}\n(total {signed(change.sum())})")
    layer_axis.number_phases(panels[0], phases)
    panels[-1].set_xlabel("layer")
    figure.align_ylabels(panels)
    return figure
