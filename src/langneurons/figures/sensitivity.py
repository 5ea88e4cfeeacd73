"""Numbers of neurons of each type under other settings, one varied at a time (METHOD 2)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from langneurons.artifacts.tables import read_table
from langneurons.figures.declaration import Declaration
from langneurons.figures.facts import selection_facts
from langneurons.figures.frame import Page
from langneurons.figures.style import FAINT, LINES, MARKERS, TEXT, Style, count_axis
from langneurons.neurons.sensitivity import SENSITIVITY
from langneurons.neurons.table import read_summary
from langneurons.phases.segmentation import TYPED

FIGURE = Declaration(
    "Neurons by setting",
    per="varied selection",
    reads={"sensitivity": "sensitivity", "summary": "summary"},
)

#: Inches: height of the panels and of the legend, width of a panel and of what is beside the first.
_HEIGHT, _LEGEND, _PANEL, _BESIDE = 2.0, 0.14, 2.2, 0.5


def draw(page: Page, sensitivity: Path, summary: Path) -> None:
    """Draw the number of neurons of each type by value, a panel for each setting."""
    table = read_table(sensitivity, SENSITIVITY)
    page.note(
        "Each panel varies one setting; the others stay as configured (shaded), and auto searches "
        f"anew. As configured: {selection_facts(read_summary(summary))}",
    )
    settings = dict(list(table.groupby("parameter", sort=False)))
    panels = _panels(page, len(settings))
    for axes, (name, rows) in zip(panels, settings.items(), strict=True):
        _draw_setting(page, axes, rows)
        axes.set_xlabel(name)
    count_axis(panels[0], table[list(TYPED)].to_numpy(), "neurons")


def _panels(page: Page, settings: int) -> Sequence[Axes]:
    """Make a place for the legend, which is wider than a panel, and a panel for each setting."""
    width = min(_BESIDE + _PANEL * settings, TEXT)
    shape = {"nrows": 2, "ncols": settings, "sharey": "row", "squeeze": False}
    heights = {"height_ratios": [_LEGEND, _HEIGHT]}
    above, panels = page.panels(width, _LEGEND + _HEIGHT, gridspec_kw=heights, **shape)
    for axes in above:
        axes.set_axis_off()
    looks = [Line2D([], [], label=kind, **_look(kind, page.style)) for kind in TYPED]
    legend = above[0].legend(handles=looks, loc="upper left", ncols=len(TYPED), borderaxespad=0)
    legend.set_in_layout(False)
    return panels


def _draw_setting(page: Page, axes: Axes, rows: pd.DataFrame) -> None:
    places = range(len(rows))
    for kind in TYPED:
        axes.plot(places, rows[kind], clip_on=False, zorder=3, **_look(kind, page.style))
    configured = rows["configured"].to_list().index(True)
    axes.axvspan(configured - 0.4, configured + 0.4, color=FAINT, alpha=0.15, linewidth=0)
    axes.set_xticks(places, [_label(row) for row in rows.to_dict("records")])
    axes.set_xlim(-0.5, len(rows) - 0.5)


def _look(kind: str, style: Style) -> dict[str, Any]:
    look = {"color": style.colours[kind], "linestyle": LINES[kind]}
    return {**look, "marker": MARKERS[kind], "markersize": 3.5}


def _label(row: Mapping[str, Any]) -> str:
    """Write a value and, below it, the λ that belongs to it unless the value is this λ."""
    value = "auto" if pd.isna(row["value"]) else f"{row['value']:.3g}"
    if pd.isna(row["lambda"]) or row["lambda"] == row["value"]:
        return value
    found = "no bound" if row["lambda_unbounded"] else f"{row['lambda']:.3g}"
    return f"{value}\nλ\u00a0{found}"
