"""In how many languages neurons are active in an example, layer by layer (METHOD 9)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.sharing_parts import KINDS, where_read
from langneurons.figures.style import COLUMN, LINES, MARKERS, TEXT
from langneurons.sharing.classes import CLASSES
from langneurons.sharing.schemas import SHARING_LAYERS

FIGURE = Declaration(
    "Neurons by the number of languages that share them",
    per="sharing",
    reads={"layers": "sharing_layers"},
)

#: Inches: a row of panels, what is around them, and a line of the legend.
_ROW, _AROUND, _LINE = 1.5, 0.55, 0.19
#: Column → what its axis says.
_MEASURES = {"share": "share of neurons", "contribution": "share of contribution"}
#: With more layers a panel's lines have no markers.
_MANY_LAYERS = 40
_BAND = 0.18


def draw(page: Page, layers: Sequence[str | Path]) -> None:
    """Draw the share of each class by layer, and its share of contributions: a column a data set.

    Parameters
    ----------
    layers
        A table of `SHARING_LAYERS` for each data set.
    """
    tables = [_by_layer(path) for path in layers]
    facts = [read_provenance(path) for path in layers]
    page.note(*_notes(tables, facts))
    columns = len(tables)
    width = COLUMN if columns == 1 else TEXT
    lines = 2 if width == COLUMN else 1
    heights = {"height_ratios": [lines * _LINE, _ROW, _ROW]}
    shape = {"nrows": 3, "ncols": columns, "sharex": "col", "sharey": "row"}
    height = lines * _LINE + 2 * _ROW + _AROUND
    above, *rows = page.panels(width, height, squeeze=False, gridspec_kw=heights, **shape)
    for axes in above:
        axes.set_axis_off()
    for j, (table, fact) in enumerate(zip(tables, facts, strict=True)):
        upper, lower = (row[j] for row in rows)
        for axes, (measure, label) in zip((upper, lower), _MEASURES.items(), strict=True):
            for name in CLASSES:
                _line(page, axes, table[table["class"] == name], measure, name)
            axes.set_ylim(0, None)
            axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            if j == 0:
                axes.set_ylabel(label)
        upper.set_title(fact["dataset"], loc="left", pad=3)
        lower.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=True))
        lower.set_xlabel("layer")
    legend = above[0].legend(
        *rows[0][0].get_legend_handles_labels(), loc="upper left", ncols=len(CLASSES) // lines,
        borderaxespad=0,
    )  # fmt: skip
    legend.set_in_layout(False)  # it may be wider than the panel below


def _by_layer(path: str | Path) -> pd.DataFrame:
    table = read_table(path, SHARING_LAYERS)
    return table[table["layer"].notna()]


def _line(page: Page, axes: Axes, rows: pd.DataFrame, measure: str, name: str) -> None:
    kind = KINDS[name]
    colour, layers = page.style.colours[kind], rows["layer"].to_numpy(dtype=int)
    low, high = (rows[f"{measure}_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
    if not np.isnan(low).all():
        low, high = low.clip(min=0), high.clip(max=1)
        axes.fill_between(layers, low, high, color=colour, alpha=_BAND, linewidth=0, zorder=2)
    axes.plot(
        layers,
        rows[measure],
        color=colour,
        linestyle=LINES.get(kind, ":"),
        marker=MARKERS.get(kind, "x") if len(layers) <= _MANY_LAYERS else "",
        markersize=2.4,
        label=name,
        clip_on=False,
        zorder=3,
    )


def _notes(tables: Sequence[pd.DataFrame], facts: Sequence[Mapping[str, Any]]) -> list[str]:
    numbers = [int(table["problems"].iloc[0]) for table in tables]
    bands = any(table["share_low"].notna().any() for table in tables)
    drawn = " Bands: 95 % intervals over them." if bands else ""
    n = ", ".join(
        f"{number:,} ({fact['dataset']})" for number, fact in zip(numbers, facts, strict=True)
    )
    return [
        f"All-shared: active in all {len(facts[0]['languages'])} languages of a parallel example; "
        "partial-shared: in several; specific: in one; non-activated: in none. Shares are means "
        f"over examples, {where_read(facts)}.",
        "Contribution: |m|·‖W_down‖, mean over languages; m is what the down projection reads.",
        f"n\u00a0=\u00a0{n} parallel examples.{drawn}",
    ]
