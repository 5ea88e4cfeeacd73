"""Change of each type by layer, before to after (paper figure 4)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from langneurons.activations.resampled import over_what
from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.comparison.changes import LAYERS
from langneurons.figures.control_marks import (
    change_notes,
    draw_change_intervals,
    draw_controls,
    reach_of,
    read_controls,
)
from langneurons.figures.declaration import Declaration
from langneurons.figures.facts import read_comparison_facts
from langneurons.figures.frame import Page
from langneurons.figures.layer_axis import NUMBERS_HEIGHT, layer_panels, phase_notes
from langneurons.figures.style import INK, legend_above, signed, signed_axis
from langneurons.phases.segmentation import TYPED
from langneurons.phases.table import read_phases

FIGURE = Declaration(
    "Change by layer",
    per="comparison",
    reads={
        "layers": "layer_change",
        "controls": "layer_change of controls",
        "phases": "phases of before",
        "summaries": "summary of models",
    },
    paper="figure4",
)
_HEIGHT = 3.6


def draw(
    page: Page, layers: Path, controls: Sequence[Path], phases: Path, summaries: Sequence[Path]
) -> None:
    """Draw the change (after − before) by layer: one panel per type, each on its own scale."""
    segments, others = read_phases(phases), read_controls(controls, LAYERS)
    table = read_table(layers, LAYERS)
    page.note(
        "Δ: neurons after minus neurons before.",
        *change_notes(table, others, over_what(read_provenance(layers))),
        "Phases of the model before:",
        *phase_notes(segments),
        *read_comparison_facts(layers, summaries),
    )
    panels = layer_panels(page, segments, _HEIGHT, len(TYPED))
    for kind, axes in zip(TYPED, panels, strict=True):
        rows = table[table["type"] == kind]
        x, change = rows["layer"].to_numpy(), rows["change"].to_numpy()
        values = [one.table.loc[one.table["type"] == kind, "change"].to_numpy() for one in others]
        axes.bar(x, change, width=0.75, color=page.style.colours[kind], zorder=3)
        draw_change_intervals(axes, x, rows)
        draw_controls(axes, x, others, values)
        axes.axhline(0, color=INK, linewidth=0.6, zorder=4)
        low, high = reach_of(rows, values)
        reach = max(np.abs(low).max(), np.abs(high).max(), 1) * 1.1
        axes.set_ylim(-reach, reach)
        signed_axis(axes)
        axes.set_ylabel(f"Δ {kind}\n(total {signed(change.sum())})")
    if others:
        legend_above(panels[0], _HEIGHT / len(TYPED), len(others), NUMBERS_HEIGHT, "right")
