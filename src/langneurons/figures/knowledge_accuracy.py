"""Which facts models know in which language: the right answer is the likeliest of candidates."""

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.languages import english_name
from langneurons.facts.schemas import KNOWLEDGE
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.style import COLUMN, FAINT, SERIES, TEXT

FIGURE = Declaration(
    "Facts known by language", per="cloze", reads={"accuracies": "knowledge_accuracy of models"}
)

_HEIGHT, _LINE, _AROUND = 1.45, 0.14, 0.1
_SHAPES = "osD^vPX*"
#: Share of the distance between two languages that the models' marks take up.
_SPREAD = 0.6
#: More marks in a panel than this need the whole width.
_MANY_MARKS = 24
#: Letters of a model's name on one line of the legend, per inch.
_LETTERS = 15


def draw(page: Page, accuracies: Sequence[Path]) -> None:
    """Draw knowledge accuracy by language: a panel for each relation, a mark for each model.

    Parameters
    ----------
    accuracies
        The models' `KNOWLEDGE` tables, in the order of the legend.
    """
    tables = {read_provenance(path)["name"]: read_table(path, KNOWLEDGE) for path in accuracies}
    first = next(iter(tables.values()))
    relations: list[str | None] = list(first["relation"].dropna().unique()) or [None]
    languages = list(first["language"].dropna().unique())
    page.note(*_notes(first, relations))
    width = COLUMN if len(languages) * len(tables) <= _MANY_MARKS else TEXT
    columns = 1 if width == COLUMN else 3
    names = ["\n".join(textwrap.wrap(name, int(width * _LETTERS / columns))) for name in tables]
    lines = max(name.count("\n") + 1 for name in names) * math.ceil(len(names) / columns)
    legend = _LINE * lines + _AROUND
    heights = {"height_ratios": [legend, *[_HEIGHT] * len(relations)]}
    grid = page.panels(
        width,
        legend + len(relations) * _HEIGHT + 0.5,
        nrows=len(relations) + 1,
        squeeze=False,
        gridspec_kw=heights,
    )[:, 0]
    grid[0].set_axis_off()
    for axes, relation in zip(grid[1:], relations, strict=True):
        for index, (name, table) in enumerate(zip(names, tables.values(), strict=True)):
            rows = _of(table, relation)
            shift = (index - (len(tables) - 1) / 2) * _SPREAD / len(tables)
            _mark(axes, index, rows["language"].map(languages.index) + shift, rows, name)
        _panel(axes, relation, float(_of(first, relation)["chance"].iloc[0]), languages)
    for axes in grid[1:-1]:
        axes.tick_params(labelbottom=False)
    handles = grid[1].get_legend_handles_labels()
    box = grid[0].legend(*handles, loc="upper left", ncols=columns, borderaxespad=0)
    box.set_in_layout(False)  # it may be wider than the panel below


def _of(table: pd.DataFrame, relation: str | None) -> pd.DataFrame:
    """Return the rows of a relation by language."""
    same = table["relation"].isna() if relation is None else table["relation"] == relation
    return table[same & table["language"].notna()]


def _notes(table: pd.DataFrame, relations: Sequence[str | None]) -> list[str]:
    numbers = [int(_of(table, relation)["facts"].iloc[0]) for relation in relations]
    said = ", ".join(
        f"{number:,}{f' of {relation}' if relation else ''}"
        for number, relation in zip(numbers, relations, strict=True)
    )
    whiskers = "" if table["low"].isna().all() else " Whiskers: 95\u00a0% interval over facts."
    return [
        "Share of prompts of which the right answer is the likeliest of its candidates, by the "
        f"log probability of all its tokens; the mean over facts (n\u00a0=\u00a0{said}), each over "
        f"its phrasings.{whiskers} Dotted: chance, one over the number of candidates."
    ]


def _panel(axes: Axes, relation: str | None, chance: float, languages: Sequence[str]) -> None:
    axes.axhline(chance, color=FAINT, linewidth=0.8, linestyle=":", zorder=1)
    for boundary in np.arange(len(languages) - 1) + 0.5:
        axes.axvline(boundary, color=FAINT, linewidth=0.3, alpha=0.5)
    names = [english_name(language) for language in languages]
    places = range(len(languages))
    axes.set_xticks(places, names, rotation=45, ha="right", rotation_mode="anchor")
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.5, len(languages) - 0.5)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylabel("known")
    if relation is not None:
        axes.set_title(relation, loc="left", pad=3)


def _mark(axes: Axes, index: int, x: pd.Series, rows: pd.DataFrame, name: str) -> None:
    share, low, high = (rows[column].to_numpy(float) for column in ("accuracy", "low", "high"))
    colour = SERIES[index % len(SERIES)]
    known = ~np.isnan(low)
    # An interval by Student's t may reach beyond what a share can be.
    ends = np.clip(low[known], 0, 1), np.clip(high[known], 0, 1)
    axes.vlines(x[known], *ends, color=colour, linewidth=0.8, zorder=2)
    axes.plot(
        x,
        share,
        _SHAPES[index % len(_SHAPES)],
        color=colour,
        markersize=3.4,
        markerfacecolor="white" if index >= len(SERIES) else None,
        clip_on=False,
        label=name,
        zorder=3,
    )
