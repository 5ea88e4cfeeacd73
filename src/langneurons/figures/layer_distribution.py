"""Neurons of each type by layer, with the four phases (paper figure 3)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from langneurons.artifacts import read_table
from langneurons.figures import layer_axis
from langneurons.figures.facts import selection_facts
from langneurons.figures.style import (
    LINES,
    MARKERS,
    Style,
    count_axis,
    describe,
    house_style,
    legend_above,
    new_figure,
    read_style,
    save,
)
from langneurons.neuron_table import read_summary
from langneurons.phases import LAYERS, TYPED, read_phases

_HEIGHT = 2.1


def draw_layer_distribution(
    phases: str | Path,
    layers: str | Path,
    summary: str | Path,
    outputs: Mapping[str, str | Path],
    title: str,
    style: Mapping[str, Any],
) -> None:
    """Draw the number of specific, related and general neurons in each layer of one model.

    Parameters
    ----------
    phases, layers
        Phases artefact and the layers artefact beside it.
    summary
        Summary artefact of the neurons.
    outputs
        Paths under the keys png and pdf.
    title
        What is shown: the model and the data set.
    style
        The ``figures`` section of the configuration.

    Raises
    ------
    InputError
        If an artefact is missing or malformed, or ``style`` has a wrong key or value.
    """
    look = read_style(style)
    segments = read_phases(phases)
    heading = f"Neurons by layer: {title}"
    notes = [
        *layer_axis.phase_notes(segments),
        *layer_axis.interval_notes(segments),
        selection_facts(read_summary(summary)),
    ]
    table = read_table(layers, LAYERS)
    figure = figure_layer_distribution(segments, table, heading, notes, look)
    save(figure, outputs, describe(heading, notes), look.dpi)


@house_style()
def figure_layer_distribution(
    phases: pd.DataFrame, layers: pd.DataFrame, heading: str, notes: list[str], style: Style
) -> Figure:
    """Return the figure of `draw_layer_distribution`: one line a type."""
    L = len(layers)
    figure, axes = new_figure(layer_axis.layer_width(L), _HEIGHT + 0.8, heading, notes)
    for kind in TYPED:
        axes.plot(
            layers["layer"],
            layers[kind],
            color=style.colours[kind],
            linestyle=LINES[kind],
            marker=MARKERS[kind],
            markersize=2.6,
            label=kind,
            clip_on=False,
            zorder=3,
        )
    count_axis(axes, layers[list(TYPED)].max().to_numpy(), "neurons per layer")
    layer_axis.layer_axis(axes, L, phases)
    layer_axis.number_phases(axes, phases)
    layer_axis.draw_intervals(axes, phases)
    axes.set_xlabel("layer")
    legend_above(axes, _HEIGHT, len(TYPED), offset=layer_axis.NUMBERS_HEIGHT)
    return figure
