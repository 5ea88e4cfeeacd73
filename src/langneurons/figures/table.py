"""A data frame typeset as in a paper: three rules, text left-aligned, numbers right-aligned."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from langneurons.figures.style import COLUMN, INK, house_style, new_figure

_SIZE = 7
_LETTER = 0.6
#: Inches: height of a row, space below the head and between groups, between columns, at the sides.
_ROW, _GROUP_GAP, _COLUMN_GAP, _SIDE = 0.17, 0.06, 0.2, 0.08


@house_style()
def figure_table(
    cells: pd.DataFrame,
    keys: Sequence[str],
    numeric: Sequence[str],
    heading: str,
    notes: Sequence[str],
) -> Figure:
    """Typeset a table of strings as a figure.

    Parameters
    ----------
    cells
        What is written, column names included.
    keys
        Columns that name a group of rows, widest group first; they are written only in its first
        row.
    numeric
        Right-aligned columns.
    """
    named = cells[list(keys)]
    # A key is written again where one to its left has changed.
    changed = named.ne(named.shift()).cummax(axis=1)
    first = changed.any(axis=1)
    first.iloc[0] = True
    cells = cells.assign(**{key: cells[key].where(changed[key], "") for key in keys})
    widths = [_width([name, *cells[name]]) for name in cells]
    needed = sum(widths) + _COLUMN_GAP * (len(widths) - 1) + 2 * _SIDE
    width = max(needed, COLUMN - 0.1)
    gap = _COLUMN_GAP + (width - needed) / (len(widths) - 1)
    rows = [_ROW * (i + 1.5) + _GROUP_GAP * n for i, n in enumerate(first.cumsum())]
    height = _ROW * (len(cells) + 1) + _GROUP_GAP * (first.sum() + 1)

    figure, axes = new_figure(width + 0.1, height + 0.15, heading, notes)
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    left = _SIDE
    for name, column_width in zip(cells, widths, strict=True):
        x, side = (left + column_width, "right") if name in numeric else (left, "left")
        _write(axes, x, _ROW / 2, name, side, "bold")
        for y, text in zip(rows, cells[name], strict=True):
            _write(axes, x, y, text, side, "normal")
        left += column_width + gap
    for y, thickness in ((0, 0.9), (_ROW + _GROUP_GAP / 2, 0.5), (height, 0.9)):
        rule = Line2D([0, width], [y, y], color=INK, linewidth=thickness, clip_on=False)
        axes.add_line(rule)
    return figure


def _write(axes: Axes, x: float, y: float, text: str, side: str, weight: str) -> None:
    axes.text(x, y, text, ha=side, va="center", fontsize=_SIZE, fontweight=weight)


def _width(texts: Sequence[str]) -> float:
    return max(map(len, texts)) * _SIZE * _LETTER / 72
