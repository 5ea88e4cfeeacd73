"""What suppressing and enhancing a fact's neurons does to its answer, and to others (METHOD 9)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.languages import english_name
from langneurons.errors import InputError
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.style import FAINT, INK, TEXT, interval_bars
from langneurons.knowledge.schemas import EDITS, ENHANCE, FACT_EFFECTS, SUPPRESS

FIGURE = Declaration(
    "A fact's neurons suppressed and enhanced", per="knowledge", reads={"effects": "fact_effects"}
)

_LEGEND, _HEIGHT = 0.2, 2.0
_TITLES = {SUPPRESS: "suppressed, to the baseline", ENHANCE: "enhanced, doubled"}
#: Column → type of neuron whose colour it has, marker, how far aside, and what it is.
_MARKS = {
    "own": ("specific", "o", -0.22, "the fact's answer"),
    "others": ("related", "s", 0.0, "other facts' answers, same neurons"),
    "random": ("other", "D", 0.22, "the fact's answer, random neurons of the same layers"),
}


def draw(page: Page, effects: str | Path) -> None:
    """Draw changes of log probabilities by language: a panel for each edit."""
    table, facts = read_table(effects, FACT_EFFECTS), read_provenance(effects)
    if table.empty:
        raise InputError(
            f"{effects}: no fact has neurons that agree over phrasings, so that none were edited"
        )
    page.note(*_notes(table, facts))
    heights = {"height_ratios": [_LEGEND, _HEIGHT]}
    shape = {"nrows": 2, "ncols": len(EDITS), "squeeze": False}
    (strip, empty), panels = page.panels(TEXT, _LEGEND + _HEIGHT, gridspec_kw=heights, **shape)
    for axes in (strip, empty):
        axes.set_axis_off()
    for axes, edit in zip(panels, EDITS, strict=True):
        _draw_panel(page, axes, table[table["edit"] == edit])
        axes.set_title(_TITLES[edit], loc="left", pad=3)
    panels[0].set_ylabel("change of log probability (nats)")
    handles, labels = panels[0].get_legend_handles_labels()
    legend = strip.legend(handles, labels, loc="upper left", ncols=3, borderaxespad=0)
    legend.set_in_layout(False)  # it is wider than the panel below


def _draw_panel(page: Page, axes: Axes, rows: pd.DataFrame) -> None:
    places = np.arange(len(rows), dtype=float)
    places[rows["language"].isna()] += 0.5  # the mean stands apart
    for name, (kind, marker, aside, label) in _MARKS.items():
        low, high = (rows[f"{name}_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
        interval_bars(axes, places + aside, low, high)
        axes.plot(
            places + aside, rows[name], linestyle="none", marker=marker, markersize=3.8,
            color=page.style.colours[kind], markeredgecolor=INK, markeredgewidth=0.4, zorder=6,
            label=label,
        )  # fmt: skip
    axes.axhline(0, color=FAINT, linewidth=0.6, zorder=0)
    axes.set_xticks(places, rows["language"].fillna("mean").tolist())
    axes.set_xlim(-0.6, places[-1] + 0.6)
    axes.tick_params(axis="x", length=0)


def _notes(table: pd.DataFrame, facts: Mapping[str, Any]) -> list[str]:
    rows = table[table["edit"] == SUPPRESS]
    named = ", ".join(
        f"{row.language} {english_name(row.language)} {row.facts}, {row.neurons:.1f}"
        for row in rows[rows["language"].notna()].itertuples()
    )
    mean = rows[rows["language"].isna()].iloc[0]
    bars = " Thin lines: 95 % intervals over facts." if table["own_low"].notna().any() else ""
    seeds = facts["parameters"]["control_seeds"]
    return [
        "Neurons are changed at the prompt's last token; they were found on the fact's other "
        "phrasings. Other facts: of the same relation, with another answer. Random: "
        f"{'one draw' if seeds == 1 else f'mean of {seeds} draws'}.",
        f"n\u00a0= facts, and neurons of each: {named}; mean {mean['facts']}, "
        f"{mean['neurons']:.1f}.{bars}",
    ]
