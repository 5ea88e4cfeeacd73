"""How many parallel texts find their partner in the pivot, layer by layer (METHOD 11)."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.languages import english_name
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.style import COLUMN, FAINT, SERIES, TEXT
from langneurons.retrieval.schemas import RETRIEVAL, RETRIEVAL_CHANGE

FIGURE = Declaration(
    "Partners found by layer", per="alignment check", reads={"changes": "retrieval_change"}
)

#: Inches: a row of panels, a line of the legend, what is around it, and below all panels.
_ROW, _LINE, _AROUND, _LABEL = 1.35, 0.19, 0.12, 0.3
#: Dashes of the model before, of the one after, and of its controls.
_DASHES = ("-", "--", "-.", (0, (1, 1)))
_BAND = 0.13


def draw(page: Page, changes: Sequence[str | Path]) -> None:
    """Draw the share of found partners by layer: one panel a language, one line a model.

    Parameters
    ----------
    changes
        The change to the aligned model, then to each of its controls.
    """
    facts = [read_provenance(path) for path in changes]
    tables = [_by_layer(path) for path in changes]
    lines = {f"before: {facts[0]['before']}": ("before", tables[0])}
    for fact, table in zip(facts, tables, strict=True):
        lines[f"{_role(fact)}: {fact['after']}"] = ("after", table)
    languages = list(dict.fromkeys(tables[0]["language"]))
    n = int(tables[0]["n"].iloc[0])
    page.note(*_notes(tables[0], facts[0], n))
    panels = _panels(page, len(languages), len(lines))
    for axes, language in zip(panels[1:], languages, strict=True):
        axes.axhline(1 / n, color=FAINT, linewidth=0.7, linestyle=":", zorder=1)
        for index, (label, (side, table)) in enumerate(lines.items()):
            _line(axes, table[table["language"] == language], side, index, label)
        mark = " (trained)" if language in facts[0]["trained"] else ""
        axes.set_title(f"{english_name(language)}{mark}", loc="left", pad=3)
    _legend(panels[0], *panels[1].get_legend_handles_labels(), _legend_columns(len(languages)))


def _by_layer(path: str | Path) -> pd.DataFrame:
    table = read_table(path, RETRIEVAL_CHANGE)
    each = (table["measure"] == RETRIEVAL) & table["layer"].notna() & table["language"].notna()
    return table[each]


def _role(facts: Mapping[str, Any]) -> str:
    control = facts["control"]
    return "after" if control is None else f"control, {control.replace('_', ' ')}"


def _notes(table: pd.DataFrame, facts: Mapping[str, Any], n: int) -> list[str]:
    bands = "" if table["before_low"].isna().all() else " Bands: 95 % intervals over texts."
    return [
        f"Share of texts whose mean state is nearest, by cosine, to that of their own translation, "
        f"among n\u00a0=\u00a0{n:,} texts in {english_name(facts['pivot'])}. Layer 0: embeddings; "
        f"layer 1: output of the first block. Dotted: chance, 1/{n:,}.{bands}"
    ]


def _panels(page: Page, languages: int, lines: int) -> list[Axes]:
    """Make a place for the legend, then a panel for each language, the outer ones labelled."""
    # As many side by side as leave the fewest places empty.
    columns = min(languages, min((4, 3), key=lambda number: -languages % number))
    rows = math.ceil(languages / columns)
    legend = _LINE * math.ceil(lines / _legend_columns(languages)) + _AROUND
    shape = {"nrows": rows + 1, "ncols": columns, "sharex": True, "sharey": True}
    heights = {"height_ratios": [legend, *[_ROW] * rows]}
    width, height = COLUMN if columns <= 2 else TEXT, legend + rows * _ROW + _LABEL
    grid = page.panels(width, height, squeeze=False, gridspec_kw=heights, **shape)
    for axes in [*grid[0], *grid[1:].flat[languages:]]:
        axes.set_axis_off()
    panels = list(grid[1:].flat[:languages])
    for index, axes in enumerate(panels):
        axes.set_ylim(0, 1.02)
        axes.set_yticks([0, 0.5, 1])
        axes.set_yticks([0.25, 0.75], minor=True)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        if index + columns >= languages:  # nothing below
            axes.tick_params(labelbottom=True)
            axes.set_xlabel("layer")
        if index % columns == 0:
            axes.set_ylabel("partners found")
    return [grid[0, 0], *panels]


def _legend_columns(languages: int) -> int:
    return 1 if languages <= 2 else 2


def _legend(axes: Axes, handles: Sequence[Any], labels: Sequence[str], columns: int) -> None:
    """Write the legend into a place of its own, as wide as the figure."""
    legend = axes.legend(handles, labels, loc="upper left", ncols=columns, borderaxespad=0)
    legend.set_in_layout(False)  # it may be wider than the panel below


def _line(axes: Axes, rows: pd.DataFrame, side: str, index: int, label: str) -> None:
    colour = SERIES[index % len(SERIES)]
    dashes = _DASHES[index % len(_DASHES)]
    layers = rows["layer"].to_numpy(dtype=int)
    if rows[f"{side}_low"].notna().all():
        low, high = rows[f"{side}_low"], rows[f"{side}_high"]
        axes.fill_between(layers, low, high, color=colour, alpha=_BAND, linewidth=0, zorder=2)
    axes.plot(layers, rows[side], color=colour, linestyle=dashes, label=label, zorder=3 + index)
