"""Neurons of each type by layer, with the four phases (paper figure 3)."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from langneurons.activations.resampled import over_what
from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.figures.declaration import Declaration
from langneurons.figures.facts import selection_facts
from langneurons.figures.frame import Page
from langneurons.figures.layer_axis import (
    NUMBERS_HEIGHT,
    draw_intervals,
    interval_notes,
    layer_panels,
    phase_notes,
)
from langneurons.figures.style import LINES, MARKERS, count_axis, interval_bars, legend_above
from langneurons.neurons.stability import CERTAINTY
from langneurons.neurons.table import read_summary
from langneurons.phases.segmentation import LAYERS, TYPED
from langneurons.phases.table import read_phases

FIGURE = Declaration(
    "Neurons by layer",
    per="drawn selection",
    reads={
        "phases": "phases",
        "layers": "phase_layers",
        "certainty": "certainty",
        "summary": "summary",
    },
    paper="figure3",
)

_HEIGHT = 2.1


def draw(page: Page, phases: Path, layers: Path, certainty: Path, summary: Path) -> None:
    """Draw the number of specific, related and general neurons in each layer, a line per type."""
    segments = read_phases(phases)
    table = read_table(layers, LAYERS)
    intervals = read_table(certainty, CERTAINTY).query("quantity == 'layer'").groupby("type")
    highest = intervals["high"].max()[list(TYPED)]
    over = over_what(read_provenance(certainty))
    page.note(*phase_notes(segments), *interval_notes(segments, over))
    if highest.notna().any():
        page.note(f"Bars: 95 % interval {over}.")
    page.note(selection_facts(read_summary(summary)))
    (axes,) = layer_panels(page, segments, _HEIGHT + 0.8)
    for kind in TYPED:
        axes.plot(
            table["layer"],
            table[kind],
            color=page.style.colours[kind],
            linestyle=LINES[kind],
            marker=MARKERS[kind],
            markersize=2.6,
            label=kind,
            clip_on=False,
            zorder=3,
        )
        _draw_bars(axes, intervals.get_group(kind))
    highest = np.fmax(highest, table[list(TYPED)].max())
    count_axis(axes, highest.to_numpy(), "neurons per layer")
    draw_intervals(axes, segments)
    legend_above(axes, _HEIGHT, len(TYPED), offset=NUMBERS_HEIGHT)


def _draw_bars(axes: Axes, intervals: pd.DataFrame) -> None:
    """Draw the interval of each layer's number as a thin bar; no number is below 0."""
    low, high = intervals["low"].clip(lower=0).to_numpy(), intervals["high"].to_numpy()
    interval_bars(axes, intervals["place"].astype(int).to_numpy(), low, high)
