"""Published findings, one line each: estimate, interval, verdict (METHOD 10)."""

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from langneurons.artifacts.tables import read_table
from langneurons.claims.verdicts import (
    CLAIMS,
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_TESTED,
    SUPPORTED,
    VERDICTS,
)
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.style import FAINT, INK, TEXT, signed

FIGURE = Declaration("Published findings", per="claims", reads={"claims": "claims"})

#: Verdict → its marker and colour.
_LOOKS = {
    SUPPORTED: ("o", "#0072B2"),
    CONTRADICTED: ("X", "#D55E00"),
    INCONCLUSIVE: ("D", FAINT),
    NOT_TESTED: ("_", FAINT),
}
_SIZE = 6.2
#: Inches: a line of text, the space between claims, and a group's name.
_LINE, _GAP, _GROUP = 0.105, 0.075, 0.2
#: Inches from the left: statements; middle and half of the width of the drawn intervals; numbers;
#: p; the marker of a verdict, and its word.
_STATEMENT, _MIDDLE, _HALF, _NUMBERS, _P, _MARKER, _WORD = 0.05, 3.98, 0.38, 4.44, 5.8, 6.24, 6.33
#: Letters in a line of a statement.
_LETTERS = 80
#: A margin fills at most this share of the place of a drawn interval.
_MARGIN_AT = 0.8


def draw(page: Page, claims: Path) -> None:
    """Draw one line a claim, by group; below it, unless it is supported, what decided it."""
    table = read_table(claims, CLAIMS)
    texts = [_lines(row) for row in table.to_dict("records")]
    numbers = ", ".join(f"{int((table['verdict'] == name).sum())} {name}" for name in VERDICTS)
    page.note(
        f"n = {len(table)} claims: {numbers}. Estimates above 0 speak for a claim; of a claim that "
        "there is no effect, they are the effect. In brackets the 95 % interval of each by itself, "
        "drawn in a scale of its own around 0 (vertical line), shaded within the margin from which "
        "an effect counts. p: two-sided, after Holm over all claims shown."
    )
    groups = dict(list(table.groupby("group", sort=False)))
    height = _GROUP * (len(groups) + 1) + sum(_LINE * len(lines) + _GAP for lines in texts)
    axes = page.panels(TEXT, height)
    axes.set_axis_off()
    axes.set_xlim(0, TEXT)
    axes.set_ylim(height, 0)
    for x, head in ((_NUMBERS, "estimate [95 %]"), (_P, "p"), (_WORD, "verdict")):
        _write(axes, x, _GROUP / 2, head, fontweight="bold")
    y, remaining = _GROUP, iter(texts)
    for group, rows in groups.items():
        _write(axes, _STATEMENT, y + _GROUP / 2, group, fontweight="bold")
        y += _GROUP
        for row in rows.to_dict("records"):
            lines = next(remaining)
            _draw_claim(axes, y + _LINE / 2, row, lines)
            y += _LINE * len(lines) + _GAP


def _lines(row: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the lines of a claim, each with its colour: its statement, and what decided it."""
    section = row["section"] if isinstance(row["section"], str) else ""
    section = f" ({section})".replace("e ", "e\u00a0") if section else ""
    said = textwrap.wrap(f"{row['statement']}{section}", _LETTERS)
    why = [] if row["verdict"] == SUPPORTED else textwrap.wrap(row["reason"], _LETTERS)
    return [*((line, INK) for line in said), *((line, FAINT) for line in why)]


def _draw_claim(axes: Axes, y: float, row: dict[str, Any], lines: list[tuple[str, str]]) -> None:
    for index, (line, colour) in enumerate(lines):
        _write(axes, _STATEMENT, y + index * _LINE, line, color=colour)
    marker, colour = _LOOKS[row["verdict"]]
    _draw_interval(axes, y, row, marker, colour)
    _write(axes, _NUMBERS, y, _estimate(row))
    if pd.notna(row["p_holm"]):
        _write(axes, _P, y, f"{row['p_holm']:.3f}" if row["p_holm"] >= 0.001 else "< 0.001")
    axes.plot(_MARKER, y, marker=marker, color=colour, markersize=3.6, linestyle="none")
    _write(axes, _WORD, y, row["verdict"])


def _draw_interval(axes: Axes, y: float, row: dict[str, Any], marker: str, colour: str) -> None:
    """Draw an interval so that the largest of its ends, or the margin, fills the place."""
    ends = np.array([row["low"], row["high"]])
    if np.isnan(ends).any():
        return
    largest = max(*np.abs(ends), row["margin"] / _MARGIN_AT) or 1.0
    scale = _HALF / largest
    band, height = row["margin"] * scale, _LINE * 0.8
    axes.fill_between(
        [_MIDDLE - band, _MIDDLE + band],
        y - height / 2,
        y + height / 2,
        color=FAINT,
        alpha=0.25,
        linewidth=0,
    )
    axes.plot([_MIDDLE, _MIDDLE], [y - height / 2, y + height / 2], color=INK, linewidth=0.6)
    axes.plot(_MIDDLE + ends * scale, [y, y], color=colour, linewidth=1)
    at = _MIDDLE + row["estimate"] * scale
    axes.plot(at, y, marker=marker, color=colour, markersize=2.8, linestyle="none")


def _estimate(row: dict[str, Any]) -> str:
    if pd.isna(row["estimate"]):
        return "–"
    numbers = [row[name] for name in ("estimate", "low", "high") if pd.notna(row[name])]
    largest = max(map(abs, numbers))
    decimals = (
        0 if largest >= 100 or not largest else 1 if largest >= 10 else 2 if largest >= 1 else 3
    )
    estimate, *ends = (signed(number, decimals) for number in numbers)
    return f"{estimate} [{', '.join(ends)}]" if ends else estimate


def _write(axes: Axes, x: float, y: float, text: str, **look: Any) -> None:
    axes.text(x, y, text, ha="left", va="center", fontsize=_SIZE, **look)
