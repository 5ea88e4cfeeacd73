"""Change of each type by layer over the course of an alignment (paper figure 17)."""

from collections.abc import Sequence
from pathlib import Path

from langneurons.artifacts.tables import read_table
from langneurons.comparison.changes import LAYERS
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.layer_axis import NUMBERS_HEIGHT, layer_panels, phase_notes
from langneurons.figures.style import FAINT
from langneurons.figures.training_steps import (
    LEGEND_HEIGHT,
    draw_step_changes,
    read_dynamics_facts,
    step_legend,
)
from langneurons.phases.segmentation import TYPED
from langneurons.phases.table import read_phases

FIGURE = Declaration(
    "Change by layer along training",
    per="course",
    reads={
        "changes": "layer_change",
        "summaries": "summary of models",
        "phases": "phases of before",
    },
    values=("steps",),
    paper="figure17",
)

_HEIGHT = 3.6


def draw(
    page: Page,
    changes: Sequence[Path],
    summaries: Sequence[Path],
    phases: Path,
    steps: Sequence[int],
) -> None:
    """Draw the change of each type by layer: one panel per type, one line per checkpoint.

    The arguments are those of `langneurons.figures.training_steps.read_dynamics_facts`, plus the
    phases of the base.
    """
    segments = read_phases(phases)
    page.note(
        "Δ: neurons after minus neurons before training. Phases of the model at step 0:",
        *phase_notes(segments),
        *read_dynamics_facts(changes, summaries, steps),
    )
    tables = [read_table(path, LAYERS) for path in changes]
    panels = layer_panels(page, segments, _HEIGHT + LEGEND_HEIGHT, len(TYPED))
    for kind, axes in zip(TYPED, panels, strict=True):
        lines = [table.loc[table["type"] == kind, "change"].to_numpy() for table in tables]
        draw_step_changes(axes, range(len(lines[0])), lines, page.style.colours[kind])
        axes.set_ylabel(f"Δ {kind}")
    step_legend(panels[0], steps[1:], FAINT, _HEIGHT / len(TYPED), NUMBERS_HEIGHT)
