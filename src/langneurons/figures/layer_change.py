"""Change of each type by layer, before to after (paper figure 4)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from langneurons.artifacts.tables import read_table
from langneurons.comparison.changes import LAYERS
from langneurons.figures.declaration import Declaration
from langneurons.figures.facts import read_comparison_facts
from langneurons.figures.frame import Page
from langneurons.figures.layer_axis import layer_panels, phase_notes
from langneurons.figures.style import INK, signed, signed_axis
from langneurons.phases.segmentation import TYPED
from langneurons.phases.table import read_phases

FIGURE = Declaration(
    "Change by layer",
    per="comparison",
    reads={
        "layers": "layer_change",
        "phases": "phases of before",
        "summaries": "summary of models",
    },
    paper="figure4",
)


def draw(page: Page, layers: Path, phases: Path, summaries: Sequence[Path]) -> None:
    """Draw the change (after − before) by layer: one panel per type, each on its own scale."""
    segments = read_phases(phases)
    page.note(
        "Δ: neurons after minus neurons before. Phases of the model before:",
        *phase_notes(segments),
        *read_comparison_facts(layers, summaries),
    )
    table = read_table(layers, LAYERS)
    for kind, axes in zip(TYPED, layer_panels(page, segments, 3.4, len(TYPED)), strict=True):
        change = table.loc[table["type"] == kind, "change"].to_numpy()
        axes.bar(range(len(change)), change, width=0.75, color=page.style.colours[kind], zorder=3)
        axes.axhline(0, color=INK, linewidth=0.6, zorder=4)
        reach = max(np.abs(change).max(), 1) * 1.1
        axes.set_ylim(-reach, reach)
        signed_axis(axes)
        axes.set_ylabel(f"Δ {kind}\n(total {signed(change.sum())})")
