"""How much more a language loses than others as its first neurons are switched off, by method."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.languages import english_name
from langneurons.errors import InputError
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.map_parts import say_alike
from langneurons.figures.method_looks import Look, looks_of, method_name
from langneurons.figures.style import FAINT, INK
from langneurons.interventions.schemas import DOSES

FIGURE = Declaration(
    "What a language's first neurons do, by method", per="doses", reads={"doses": "doses"}
)

#: Inches: a row of panels, and a line of the legend.
_ROW, _LINE = 1.75, 0.17
_COLUMNS = 3
_BAND = "#D9D9D9"
#: Methods stand beside one another at a size: the last at this multiple of it, the first at 1 / it.
_ASIDE = 1.09
#: Share of the axis that is free above the largest change and below the least.
_MARGIN = 0.06


def draw(page: Page, doses: str | Path) -> None:
    """Draw the change of NLL of a language and of the others by the number of neurons off."""
    table, facts = read_table(doses, DOSES), read_provenance(doses)
    if table.empty:
        raise InputError(f"{doses}: no method has neurons of any of the languages to switch off")
    looks = looks_of(facts["methods"])
    languages = [name for name in facts["languages"] if name in set(table["language"])]
    shown = [None, *languages] if len(languages) > 1 else languages
    page.note(*_notes(table, facts))
    per_line = 5
    lines = -(-(len(looks) + 3) // per_line)
    strip, panels = page.multiples(len(shown), _COLUMNS, lines * _LINE, _ROW)
    _legend(strip, looks, table["random_own"].notna().any(), per_line)
    for index, (axes, language) in enumerate(zip(panels, shown, strict=True)):
        place = table["language"].isna() if language is None else table["language"] == language
        _draw_panel(axes, table[place], looks)
        _scale(axes, facts["parameters"]["sizes"])
        if language is None:
            _say_how_many(axes, table[place], len(languages))
        mean = f"mean of {len(languages)} languages"
        axes.set_title(mean if language is None else english_name(language), loc="left")
        if index % _COLUMNS == 0:
            axes.set_ylabel("Δ NLL (nats per token)")
        if index + _COLUMNS >= len(shown):
            axes.set_xlabel("neurons switched off (logarithmic)")


def _draw_panel(axes: Axes, rows: pd.DataFrame, looks: Mapping[str, Look]) -> None:
    """Draw all methods in one language, or the mean over languages, over the band of controls."""
    _draw_band(axes, rows)
    axes.axhline(0, color=FAINT, linewidth=0.6, zorder=1)
    places = np.linspace(-1, 1, len(looks)) if len(looks) > 1 else np.zeros(1)
    for place, (method, look) in zip(places, looks.items(), strict=True):
        given = rows[rows["method"] == method].sort_values("size")
        x = given["neurons"].to_numpy() * _ASIDE**place
        axes.plot(x, given["others"], **_others(look), zorder=3)
        axes.plot(x, given["own"], **_own(look), zorder=4)
        low, high = given["own_low"].to_numpy(), given["own_high"].to_numpy()
        axes.vlines(x, low, high, color=look.colour, linewidth=0.7, zorder=3.5)


def _draw_band(axes: Axes, rows: pd.DataFrame) -> None:
    """Shade what random controls of all methods do to the language: their intervals, or means."""
    known = rows[rows["random_own"].notna() & (rows["neurons"] == rows["size"])]
    if known.empty:
        return
    low = known["random_own_low"].fillna(known["random_own"]).groupby(known["size"]).min()
    high = known["random_own_high"].fillna(known["random_own"]).groupby(known["size"]).max()
    axes.fill_between(low.index, low, high, color=_BAND, linewidth=0, zorder=0.5)


def _say_how_many(axes: Axes, means: pd.DataFrame, languages: int) -> None:
    """Write on the upper edge how many languages the means are over, where not all of them."""
    for size, number in means.groupby("size")["languages"].first().items():
        if number < languages:
            axes.text(
                size,
                1,
                f"{number}",
                transform=axes.get_xaxis_transform(),
                ha="center",
                va="top",
                fontsize=5.5,
                color=FAINT,
            )


def _scale(axes: Axes, sizes: Sequence[int]) -> None:
    axes.set_xscale("log")
    axes.set_xlim(min(sizes) / 1.3, max(sizes) * 1.3)
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.margins(y=_MARGIN)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(_signed)


def _signed(value: float, _: float | None) -> str:
    return f"{value:+.3g}".replace("-", "−") if value else "0"


def _own(look: Look) -> dict[str, Any]:
    return {"color": look.colour, "marker": look.marker, "markersize": 3.2}


def _others(look: Look) -> dict[str, Any]:
    hollow = {"markerfacecolor": "white", "markeredgewidth": 0.7, "markersize": 2.4}
    line = {"color": look.colour, "linestyle": (0, (3, 1.6)), "linewidth": 0.8}
    return {**line, "marker": look.marker, **hollow}


def _legend(axes: Axes, looks: Mapping[str, Look], random: bool, columns: int) -> None:
    """Write the legend above the panels, row by row, wider than the place it is in."""
    plain = Look(INK, "")
    handles: list[Line2D | Patch] = [
        Line2D([], [], label=method_name(method), linestyle="none", **_own(look))
        for method, look in looks.items()
    ]
    handles += [
        Line2D([], [], label="the language itself", **_own(plain)),
        Line2D([], [], label="mean of the others", **_others(plain)),
    ]
    if random:
        handles.append(Patch(color=_BAND, label="itself, random neurons"))
    lines = -(-len(handles) // columns)
    columns = -(-len(handles) // lines)
    # Matplotlib fills a legend column by column.
    by_row = [handle for start in range(columns) for handle in handles[start::columns]]
    legend = axes.legend(handles=by_row, loc="upper left", ncols=columns, borderaxespad=0)
    legend.set_in_layout(False)


def _notes(table: pd.DataFrame, facts: Mapping[str, Any]) -> list[str]:
    parameters = facts["parameters"]
    problems = table["problems"]
    number = f"{problems.max():,}"
    known = table["own_low"].notna().any()
    bars = "Bars: 95\u00a0% intervals (t, paired over problems). " if known else ""
    few = (table["neurons"] < table["size"]).any()
    notes = [
        f"Of each language its first neurons by each method's rank are off. {bars}"
        f"n = {number} problems a language"
        + (", too few for intervals." if not known else ".")
        + f" Others: {len(parameters['measured']) - 1} languages. Scales differ.",
    ]
    if parameters["control_seeds"]:
        what = "95\u00a0% intervals" if known else "means"
        notes.append(
            f"Grey: from the least to the greatest {what} of what as many random neurons do to the "
            f"language, in each layer as many as each method's{say_alike(facts)}."
        )
    if few:
        notes.append("A line that ends before the last number: the method has no more neurons.")
    dosed = table["language"].dropna().nunique()
    if (table.loc[table["language"].isna(), "languages"] < dosed).any():
        notes.append(
            "Small numbers: how many languages the means are over, where some method lacks so many."
        )
    return notes
