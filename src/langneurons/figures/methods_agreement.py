"""How far methods find the same neurons of a language, beside chance and each with itself."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.comparison.methods import AGREEMENT
from langneurons.corpora.languages import english_name
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.heat_map import annotated_heat_map, share_heat_map
from langneurons.figures.method_looks import method_name
from langneurons.figures.style import COLUMN, TEXT

FIGURE = Declaration(
    "Agreement of methods", per="methods", reads={"agreement": "methods_agreement"}
)

#: Inches: a cell at most, what is beside and below the map, the names in front of small maps, what
#: is around each of them, and the least width of a cell that has a number in it.
_CELL, _BESIDE, _BELOW, _NAMES, _AROUND, _LEAST = 0.72, 1.75, 0.45, 0.7, 0.3, 0.15
_MOST_IN_ROW = 5
#: Of the cells on the diagonal: no colour of the map, dark or bright.
_FRAME = "#D55E00"
_COLUMNS = ("overlap", "jaccard", "chance", "chance_jaccard")


def draw(page: Page, agreement: str | Path) -> None:
    """Draw the overlap of each pair of methods, the mean over languages and each language."""
    table = read_table(agreement, AGREEMENT)
    methods = read_provenance(agreement)["methods"]
    languages = list(table["language"].dropna().unique())
    page.note(
        "Neurons of a language that two methods have in common: above the diagonal as a share of "
        "the smaller of the two sets, below it of both together (Jaccard). Large map: mean over "
        "languages; in brackets, as many random neurons in each layer. Small maps have the same "
        "order.",
        "Framed: a method with itself on two halves of its texts (J: Jaccard). Two methods that "
        "differ no more than that agree as far as the texts can tell. A small set may lie within a "
        f"large one whatever the halves say.{_unknown(table, methods)}",
    )
    cell = min(_CELL, (TEXT - _BESIDE) / len(methods))
    width = max(_BESIDE + cell * len(methods), COLUMN)
    columns, small = _small_maps(width, len(methods), len(languages))
    rows = -(-len(languages) // columns)
    heights = [cell * len(methods) + _BELOW, rows * (small * len(methods) + _AROUND)]
    above, below = page.panels(width, sum(heights), nrows=2, gridspec_kw={"height_ratios": heights})
    labels = _labels(*(_matrix(table, None, methods, name) for name in _COLUMNS))
    names = [method_name(method, "\n") for method in methods]
    shares = _both_measures(table, None, methods)
    annotated_heat_map(above, shares, labels, names, names, 0.8 * cell, "neurons in common")
    _frame_diagonal(above, len(methods))
    places = below.get_subplotspec().subgridspec(rows, columns)
    below.remove()
    for index, axes in enumerate(places.subplots(squeeze=False).flat):
        if index >= len(languages):
            axes.set_axis_off()
            continue
        language = languages[index]
        shares = _both_measures(table, language, methods)
        _draw_small(axes, shares, names if index % columns == 0 else [""] * len(names), small)
        axes.set_title(english_name(language), loc="left")


def _small_maps(width: float, methods: int, languages: int) -> tuple[int, float]:
    """Return how many small maps lie side by side, and the width of their cells in inches."""
    columns = min(languages, _MOST_IN_ROW)
    while columns > 1 and _small_cell(width, columns, methods) < _LEAST:
        columns -= 1
    return columns, min(_small_cell(width, columns, methods), _CELL / 2)


def _small_cell(width: float, columns: int, methods: int) -> float:
    return ((width - _NAMES) / columns - _AROUND / 2) / methods


def _matrix(
    table: pd.DataFrame, language: str | None, methods: Sequence[str], column: str
) -> np.ndarray:
    """Return a column as a symmetric matrix, methods × methods; NaN where there is no number."""
    rows = table[table["language"].isna() if language is None else table["language"] == language]
    values = rows.pivot_table(column, "first", "second")  # leaves out pairs without a number
    found = values.reindex(index=methods, columns=methods).to_numpy(dtype=float)
    return np.where(np.isnan(found), found.T, found)


def _both_measures(table: pd.DataFrame, language: str | None, methods: Sequence[str]) -> np.ndarray:
    """Return shares of the smaller set on and above the diagonal, Jaccard below it."""
    overlap, jaccard = (_matrix(table, language, methods, name) for name in _COLUMNS[:2])
    return np.triu(overlap) + np.tril(jaccard, -1)


def _labels(
    overlap: np.ndarray, jaccard: np.ndarray, chance: np.ndarray, chance_jaccard: np.ndarray
) -> list[list[str]]:
    """Return what is written in the cells of the large map."""
    labels = [["–"] * len(overlap) for _ in overlap]
    for i, j in np.argwhere(~np.isnan(overlap)):
        share, random = (jaccard, chance_jaccard) if i > j else (overlap, chance)
        lines = [f"{share[i, j]:.0%}", f"({random[i, j]:.1%})"]
        if i == j:
            lines.insert(1, f"J {jaccard[i, j]:.0%}")
        labels[i][j] = "\n".join(lines)
    return labels


def _draw_small(axes: Axes, shares: np.ndarray, names: Sequence[str], cell: float) -> None:
    labels = [["–" if np.isnan(one) else f"{100 * one:.0f}" for one in row] for row in shares]
    share_heat_map(axes, shares, labels, names, [""] * len(names), 0.85 * cell)
    axes.set_aspect("equal")
    axes.tick_params(labelsize=5.5)
    _frame_diagonal(axes, len(names))


def _frame_diagonal(axes: Axes, methods: int) -> None:
    for place in range(methods):
        frame = Rectangle(
            (place, place), 1, 1, fill=False, edgecolor=_FRAME, linewidth=1.1, zorder=3
        )
        axes.add_patch(frame)


def _unknown(table: pd.DataFrame, methods: Sequence[str]) -> str:
    halved = set(table.loc[table["first"] == table["second"], "first"])
    lacking = [method_name(method) for method in methods if method not in halved]
    return f" Too few folds, or none, for: {', '.join(lacking)}." if lacking else ""
