"""Change in the number of neurons by the number of languages they serve (paper figure 5)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from langneurons.artifacts.tables import read_table
from langneurons.comparison.changes import SHARING
from langneurons.figures.declaration import Declaration
from langneurons.figures.facts import read_comparison_facts
from langneurons.figures.frame import Page
from langneurons.figures.sharing_axis import SHARING_NOTE, bar_pitch, change_by_n, sharing_panels
from langneurons.figures.style import INK, label_bars, signed, signed_axis

FIGURE = Declaration(
    "Change by number of languages",
    per="comparison",
    reads={"sharing": "sharing_change", "summaries": "summary of models"},
    paper="figure5",
)

_BAR = 0.7


def draw(page: Page, sharing: Path, summaries: Sequence[Path]) -> None:
    """Draw the change (after − before) in the number of neurons with N = 1..K, all and selected."""
    page.note(
        f"Change: neurons after minus neurons before. {SHARING_NOTE}",
        *read_comparison_facts(sharing, summaries),
    )
    table = read_table(sharing, SHARING)
    K = int(table["n_languages"].max())
    for population, axes in sharing_panels(page, 1, K, 3.2).items():
        x, change = np.arange(1, K + 1), change_by_n(table, population)
        axes.bar(x, change, width=_BAR, color="#5C5C5C", zorder=3)
        axes.axhline(0, color=INK, linewidth=0.6, zorder=4)
        # Room for the labels at the bars' ends.
        low, high = min(change.min(), 0), max(change.max(), 0)
        room = 0.22 * max(high - low, 2)
        axes.set_ylim(low - room, high + room)
        signed_axis(axes)
        label_bars(axes, x, change, [signed(value) for value in change], bar_pitch(page, K))
        axes.set_ylabel("change in neurons")
