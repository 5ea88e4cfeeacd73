"""Neurons of each type by layer, with the four phases (paper figure 3)."""

from pathlib import Path

from langneurons.artifacts.tables import read_table
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
from langneurons.figures.style import LINES, MARKERS, count_axis, legend_above
from langneurons.neurons.table import read_summary
from langneurons.phases.segmentation import LAYERS, TYPED
from langneurons.phases.table import read_phases

FIGURE = Declaration(
    "Neurons by layer",
    per="selection",
    reads={"phases": "phases", "layers": "phase_layers", "summary": "summary"},
    paper="figure3",
)

_HEIGHT = 2.1


def draw(page: Page, phases: Path, layers: Path, summary: Path) -> None:
    """Draw the number of specific, related and general neurons in each layer, a line per type."""
    segments = read_phases(phases)
    table = read_table(layers, LAYERS)
    page.note(
        *phase_notes(segments), *interval_notes(segments), selection_facts(read_summary(summary))
    )
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
    count_axis(axes, table[list(TYPED)].max().to_numpy(), "neurons per layer")
    draw_intervals(axes, segments)
    legend_above(axes, _HEIGHT, len(TYPED), offset=NUMBERS_HEIGHT)
