"""Change in the number of neurons by the number of languages they serve (paper figure 5)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from langneurons.activations.resampled import over_what
from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.comparison.changes import SHARING
from langneurons.figures.control_marks import (
    change_notes,
    draw_change_intervals,
    draw_controls,
    reach_of,
    read_controls,
)
from langneurons.figures.declaration import Declaration
from langneurons.figures.facts import read_comparison_facts, zero_sum_note
from langneurons.figures.frame import Page
from langneurons.figures.sharing_axis import SHARING_NOTE, bar_pitch, changes_by_n, sharing_panels
from langneurons.figures.style import INK, label_bars, legend_above, signed, signed_axis
from langneurons.neurons.table import read_summary

FIGURE = Declaration(
    "Change by number of languages",
    per="comparison",
    reads={
        "sharing": "sharing_change",
        "controls": "sharing_change of controls",
        "summaries": "summary of models",
    },
    paper="figure5",
)

_BAR = 0.7
_HEIGHT = 3.4


def draw(page: Page, sharing: Path, controls: Sequence[Path], summaries: Sequence[Path]) -> None:
    """Draw the change (after − before) in the number of neurons with N = 1..K, all and selected."""
    table, others = read_table(sharing, SHARING), read_controls(controls, SHARING)
    page.note(
        f"Bars and numbers: change, neurons after minus neurons before. {SHARING_NOTE}",
        *change_notes(table, others, over_what(read_provenance(sharing))),
        f"Before: {zero_sum_note(read_summary(summaries[0]))}",
        *read_comparison_facts(sharing, summaries),
    )
    K = int(table["n_languages"].max())
    panels = sharing_panels(page, 1, K, _HEIGHT)
    for population, axes in panels.items():
        rows = changes_by_n(table, population)
        x, change = rows["n_languages"].to_numpy(), rows["change"].to_numpy()
        values = [changes_by_n(one.table, population)["change"].to_numpy() for one in others]
        axes.bar(x, change, width=_BAR, color="#5C5C5C", zorder=3)
        draw_change_intervals(axes, x, rows)
        draw_controls(axes, x, others, values)
        axes.axhline(0, color=INK, linewidth=0.6, zorder=4)
        # Labels stand beyond all that is drawn, and need room.
        low, high = reach_of(rows, values)
        lowest, highest = min(low.min(), 0), max(high.max(), 0)
        room = 0.22 * max(highest - lowest, 2)
        axes.set_ylim(lowest - room, highest + room)
        signed_axis(axes)
        ends = np.where(change >= 0, np.maximum(high, 0), np.minimum(low, 0))
        label_bars(axes, x, ends, [signed(value) for value in change], bar_pitch(page, K))
        axes.set_ylabel("change in neurons")
    if others:
        legend_above(panels["all"], _HEIGHT / 2, len(others), side="right")
