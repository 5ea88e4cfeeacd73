"""Number of neurons by the number of languages they serve, before and after (paper figure 15)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.activations.resampled import over_what
from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.comparison.changes import SHARING
from langneurons.figures.control_marks import change_notes, draw_controls, read_controls
from langneurons.figures.declaration import Declaration
from langneurons.figures.facts import read_comparison_facts, zero_sum_note
from langneurons.figures.frame import Page
from langneurons.figures.sharing_axis import SHARING_NOTE, bar_pitch, sharing_panels
from langneurons.figures.style import (
    AFTER,
    BEFORE,
    INK,
    count_axis,
    interval_bars,
    label_bars,
    legend_above,
)
from langneurons.neurons.table import read_summary

FIGURE = Declaration(
    "Neurons by number of languages",
    per="comparison",
    reads={
        "sharing": "sharing_change",
        "controls": "sharing_change of controls",
        "summaries": "summary of models",
    },
    paper="figure15",
)

_BAR = 0.4
_HEIGHT = 3.8
#: Inches that a panel's title takes.
_TITLE = 0.16
#: Share of each panel left free for the labels above the bars.
_HEADROOM = 0.28


def draw(page: Page, sharing: Path, controls: Sequence[Path], summaries: Sequence[Path]) -> None:
    """Draw the number of neurons with N = 0..K before and after, all and selected."""
    table, others = read_table(sharing, SHARING), read_controls(controls, SHARING)
    page.note(
        SHARING_NOTE,
        *change_notes(table, others, f"of the change, {over_what(read_provenance(sharing))}"),
        f"Before: {zero_sum_note(read_summary(summaries[0]))}",
        *read_comparison_facts(sharing, summaries),
    )
    K = int(table["n_languages"].max())
    panels = sharing_panels(page, 0, K, _HEIGHT)
    pitch = bar_pitch(page, K + 1) * _BAR
    for population, axes in panels.items():
        rows = table[table["population"] == population]
        # No number is below 0.
        low = (rows["before"] + rows["change_low"]).clip(lower=0).to_numpy()
        high = (rows["before"] + rows["change_high"]).to_numpy()
        afters = [_after(one.table, population) for one in others]
        # Labels stand above all that is drawn.
        top = np.fmax.reduce([rows["after"].to_numpy(), high, *afters])
        tops = {"before": rows["before"].to_numpy(), "after": top}
        count_axis(axes, np.array(list(tops.values())), "neurons", _HEADROOM)
        for side, look, shift in (("before", BEFORE, -0.5), ("after", AFTER, 0.5)):
            x = np.arange(K + 1) + shift * _BAR
            axes.bar(x, rows[side], width=_BAR, edgecolor=INK, linewidth=0.4, label=side, **look)
            if side == "after":
                interval_bars(axes, x, low, high)
                draw_controls(axes, x, others, afters)
            label_bars(axes, x, tops[side], [f"{n:,}" for n in rows[side]], pitch)
    # With controls the legend is too wide to stand beside the panel's title.
    beyond = _TITLE if others else 0.0
    legend_above(panels["all"], _HEIGHT / 2, 2 + len(others), beyond, side="right")


def _after(sharing: pd.DataFrame, population: str) -> np.ndarray:
    return sharing.loc[sharing["population"] == population, "after"].to_numpy()
