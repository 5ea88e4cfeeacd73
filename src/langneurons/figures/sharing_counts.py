"""Number of neurons by the number of languages they serve, before and after (paper figure 15)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from langneurons.artifacts.tables import read_table
from langneurons.comparison.changes import SHARING
from langneurons.figures.declaration import Declaration
from langneurons.figures.facts import read_comparison_facts
from langneurons.figures.frame import Page
from langneurons.figures.sharing_axis import SHARING_NOTE, bar_pitch, sharing_panels
from langneurons.figures.style import AFTER, BEFORE, INK, count_axis, label_bars, legend_above

FIGURE = Declaration(
    "Neurons by number of languages",
    per="comparison",
    reads={"sharing": "sharing_change", "summaries": "summary of models"},
    paper="figure15",
)

_BAR = 0.4
_HEIGHT = 3.8
#: Share of each panel left free for the labels above the bars.
_HEADROOM = 0.28


def draw(page: Page, sharing: Path, summaries: Sequence[Path]) -> None:
    """Draw the number of neurons with N = 0..K before and after, all and selected."""
    page.note(SHARING_NOTE, *read_comparison_facts(sharing, summaries))
    table = read_table(sharing, SHARING)
    K = int(table["n_languages"].max())
    panels = sharing_panels(page, 0, K, _HEIGHT)
    pitch = bar_pitch(page, K + 1) * _BAR
    for population, axes in panels.items():
        rows = table[table["population"] == population]
        count_axis(axes, rows[["before", "after"]].to_numpy(), "neurons", _HEADROOM)
        for side, look, shift in (("before", BEFORE, -0.5), ("after", AFTER, 0.5)):
            x = np.arange(K + 1) + shift * _BAR
            axes.bar(x, rows[side], width=_BAR, edgecolor=INK, linewidth=0.4, label=side, **look)
            label_bars(axes, x, rows[side], [f"{n:,}" for n in rows[side]], pitch)
    legend_above(panels["all"], _HEIGHT / 2, 2, side="right")
