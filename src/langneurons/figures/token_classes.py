"""Which classes of tokens a language's responses are made of, and what types owe to them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from langneurons.activations.class_counts import CLASSES, INPUT, NEXT, POSITIONS
from langneurons.artifacts.tables import read_table
from langneurons.corpora.languages import english_name
from langneurons.figures.declaration import Declaration
from langneurons.figures.facts import selection_facts
from langneurons.figures.frame import Page
from langneurons.figures.style import FAINT, INK, TEXT
from langneurons.neurons.table import read_summary
from langneurons.neurons.token_classes import TOKEN_CLASSES, TOKEN_SHARES
from langneurons.phases.segmentation import TYPED

FIGURE = Declaration(
    "Classes of tokens",
    per="run selection",
    reads={"shares": "token_shares", "types": "token_classes", "summary": "summary"},
)

#: Inches: height of the panels, of the legends and of the names of languages.
_HEIGHT, _LEGEND, _NAMES = 2.0, 0.3, 0.5
_BAR = 0.8
#: Colour and hatch of each class, none of them a type's.
_LOOKS: dict[str, dict[str, Any]] = {
    name: {"color": colour, "hatch": hatch}
    for name, colour, hatch in zip(
        CLASSES,
        ("#56B4E9", "#D55E00", "#F0E442", "#DDDDDD", "#000000"),
        ("", "////", "....", "", ""),
        strict=True,
    )
}
_SIDES = {INPUT: "token read", NEXT: "next token"}
_HATCH = {INPUT: "", NEXT: "////"}


def draw(page: Page, shares: Path, types: Path, summary: Path) -> None:
    """Draw each language's tokens by class, and the neurons that keep their type on letters."""
    table = read_table(shares, TOKEN_SHARES)
    typed = read_table(types, TOKEN_CLASSES)
    page.note(
        f"n = {_tokens(table)} response tokens a language, each by the class of the token that the "
        "model reads.",
        *_explained(typed),
        selection_facts(read_summary(summary)),
    )
    languages = list(dict.fromkeys(table["language"]))
    ratios = {"width_ratios": [3, 2], "height_ratios": [_LEGEND, _HEIGHT]}
    height = _HEIGHT + _LEGEND + _NAMES
    above, panels = page.panels(TEXT, height, nrows=2, ncols=2, gridspec_kw=ratios)
    _draw_classes(panels[0], table, languages)
    _draw_kept(panels[1], typed, page.style.colours)
    for place, axes, columns in zip(above, panels, (3, 2), strict=True):
        place.set_axis_off()
        legend = place.legend(
            *axes.get_legend_handles_labels(), loc="upper left", ncols=columns, borderaxespad=0
        )
        legend.set_in_layout(False)  # it does not widen its panel
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_ylim(0, 1)


def _draw_classes(axes: Axes, table: pd.DataFrame, languages: list[str]) -> None:
    """Stack the shares of classes, a bar for each language."""
    inputs = table[table["position"] == INPUT].set_index(["class", "language"])["share"]
    bottom = np.zeros(len(languages))
    for name, look in _LOOKS.items():
        heights = inputs[name][languages].to_numpy()
        axes.bar(languages, heights, _BAR, bottom, label=name, edgecolor="white", **look)
        bottom += heights
    names = [english_name(language) for language in languages]
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel("share of response tokens")


def _draw_kept(axes: Axes, typed: pd.DataFrame, colours: Mapping[str, str]) -> None:
    """Draw the share of each type's neurons that keep it on letters, and on random tokens."""
    rows = typed[typed["language"].isna()].set_index(["position", "type"])
    width = _BAR / len(POSITIONS)
    for side, position in enumerate(POSITIONS):
        own = rows.loc[position].loc[list(TYPED)]
        kept, control = (
            (own[column] / own["before"].where(own["before"] > 0)).astype(float).to_numpy()
            for column in ("kept", "kept_at_random")
        )
        x = np.arange(len(TYPED)) + (side - 0.5) * width
        axes.bar(
            x,
            np.nan_to_num(kept),
            width * 0.9,
            color=[colours[kind] for kind in TYPED],
            edgecolor="white",
            hatch=_HATCH[position],
        )
        known = ~np.isnan(control)
        half = width * 0.45
        ends = (x[known] - half, x[known] + half)
        # Whole where all neurons keep their type, at the panel's edge.
        axes.hlines(control[known], *ends, color=INK, linewidth=1.3, clip_on=False)
    numbers = rows.loc[INPUT]["before"]
    names = [f"{kind}\n(n\u00a0=\u00a0{numbers[kind]:,})" for kind in TYPED]
    axes.set_xticks(range(len(TYPED)), names)
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel("neurons that keep their type\non letters of the own script")
    for position in POSITIONS:
        axes.bar(
            0, 0, label=_SIDES[position], color=FAINT, edgecolor="white", hatch=_HATCH[position]
        )
    axes.plot([], [], color=INK, linewidth=1.3, label="random tokens")


def _explained(typed: pd.DataFrame) -> list[str]:
    lines = [
        "Right: all neurons are typed anew over those tokens alone where the token that is read, "
        "or the next one, is in letters of its language's own script; lines: over as many random "
        "tokens of each language."
    ]
    reasons = typed.groupby("position")["reason"].first().dropna()
    return lines + [
        f"No bars for the {_SIDES[position]}: {reason}." for position, reason in reasons.items()
    ]


def _tokens(table: pd.DataFrame) -> str:
    numbers = table[table["position"] == INPUT].groupby("language")["tokens"].sum()
    low, high = numbers.min(), numbers.max()
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"
