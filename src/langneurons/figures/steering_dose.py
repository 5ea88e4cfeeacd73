"""How far steering goes, and what it costs, by mode and factor (METHOD 6)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator, PercentFormatter

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.errors import InputError
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.style import INK, SERIES, TEXT
from langneurons.interventions.schemas import (
    CONTROL,
    HALVES,
    MODES,
    NONE,
    STEERED,
    STEERING_DOSES,
)

FIGURE = Declaration(
    "Steering by mode and factor", per="steering doses", reads={"doses": "steering_doses"}
)

_ALL, _, _SECOND = HALVES
_MEASURES = {
    "in_target": "answers in the language steered to",
    "nll": "NLL of the answers (nats/token)",
    "repetition": "repeated 4-grams",
}
#: Inches: height of the panels, of a line of the legend, of what is around it and below panels.
_HEIGHT, _LINE, _AROUND, _LABEL = 1.8, 0.19, 0.12, 0.4
_LOOKS = dict(zip(MODES, zip(SERIES, "osD", strict=False), strict=True))
#: Modes, and controls, stand beside one another at a factor: this multiple of it apart.
_APART = 1.025
_MARKER, _RING = 3.2, 7.5


def draw(page: Page, doses: str | Path) -> None:
    """Draw the share of answers in the target language, their NLL and repetition by factor."""
    table, facts = read_table(doses, STEERING_DOSES), read_provenance(doses)
    if table.empty:
        raise InputError(f"{doses}: no steered pair of languages")
    page.note(*_notes(table, facts))
    table = table[table["half"] == _ALL]
    modes = [mode for mode in MODES if mode in set(table["mode"])]
    shape = {"nrows": 2, "ncols": len(_MEASURES), "sharex": "row"}
    lines = 2 if (table["intervention"] == CONTROL).any() else 1
    legend = lines * _LINE + _AROUND
    heights, height = {"height_ratios": [legend, _HEIGHT]}, legend + _HEIGHT + _LABEL
    above, panels = page.panels(TEXT, height, gridspec_kw=heights, **shape)
    for axes in above:
        axes.set_axis_off()
    for axes, (measure, label) in zip(panels, _MEASURES.items(), strict=True):
        none = table.loc[table["intervention"] == NONE, measure]
        axes.axhline(none.iloc[0], color=INK, linewidth=0.8, linestyle=":", zorder=1)
        for place, mode in enumerate(modes):
            aside = place - (len(modes) - 1) / 2
            _draw_mode(axes, table[table["mode"] == mode], measure, mode, aside)
        axes.set_title(label, loc="left")
        axes.set_xlabel("factor (logarithmic)")
        _scale(axes, measure, np.unique(table["factor"].dropna()))
    _legend(above[0], modes, lines == 2)


def _draw_mode(axes: Axes, rows: pd.DataFrame, measure: str, mode: str, aside: float) -> None:
    """Draw a mode at all factors and its control, each a little beside the one before."""
    for kind in (STEERED, CONTROL):
        given = rows[rows["intervention"] == kind].sort_values("factor")
        x = given["factor"].to_numpy() * _APART ** (2 * aside + (kind == CONTROL))
        y, low, high = (given[f"{measure}{end}"].to_numpy() for end in ("", "_low", "_high"))
        axes.plot(x, y, **_look(mode, kind), zorder=3)
        axes.vlines(x, low, high, color=_LOOKS[mode][0], linewidth=0.6, zorder=2)
        best = given["chosen"].to_numpy() & (kind == STEERED)
        axes.plot(x[best], y[best], **_ring(), zorder=4)


def _look(mode: str, kind: str) -> dict[str, Any]:
    colour, marker = _LOOKS[mode]
    look = {"color": colour, "marker": marker, "markersize": _MARKER}
    steered = kind == STEERED
    face = colour if steered else "white"
    return {**look, "linestyle": "-" if steered else "--", "markerfacecolor": face}


def _ring() -> dict[str, Any]:
    look = {"color": INK, "marker": "o", "linestyle": "none", "markersize": _RING}
    return {**look, "markerfacecolor": "none", "markeredgewidth": 0.8}


def _scale(axes: Axes, measure: str, factors: np.ndarray) -> None:
    axes.set_xscale("log")
    axes.set_xlim(factors[0] / 1.2, factors[-1] * 1.3)
    axes.xaxis.set_major_locator(FixedLocator(factors.tolist()))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(factors, [f"{factor:g}" for factor in factors])
    if measure == "nll":
        return
    top = 1.04 if measure == "in_target" else max(axes.get_ylim()[1], 0.05)
    axes.set_ylim(-0.04 * top, top)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(PercentFormatter(1))


def _legend(axes: Axes, modes: list[str], controls: bool) -> None:
    """Write the legend above the panels, wider than the place it is in."""
    kinds = {STEERED: "steered", **({CONTROL: "random control"} if controls else {})}
    # Column by column: a mode over its control.
    handles = [
        Line2D([], [], label=f"{label}, {mode}", **_look(mode, kind))
        for mode in modes
        for kind, label in kinds.items()
    ]
    handles += [
        Line2D([], [], color=INK, linewidth=0.8, linestyle=":", label="no intervention"),
        Line2D([], [], label="best factor on the first half", **_ring()),
    ]
    columns = len(modes) + (1 if controls else 2)
    legend = axes.legend(handles=handles, loc="upper left", ncols=columns, borderaxespad=0)
    legend.set_in_layout(False)


def _notes(table: pd.DataFrame, facts: Mapping[str, Any]) -> list[str]:
    whole = table[table["half"] == _ALL].iloc[0]
    parameters = facts["parameters"]
    raise_to = parameters["raise_to"]
    value = "mean" if raise_to == "mean" else f"{raise_to:g}\u00a0quantile"
    ways = {
        "set": "set: activations are set to factor × the value",
        "add": "add: factor × the value is added",
        "scale": "scale: activations are multiplied by the factor",
    }
    used = [way for mode, way in ways.items() if mode in parameters["modes"]]
    bars = "" if table["in_target_low"].isna().all() else " Bars: 95\u00a0% bootstrap intervals."
    return [
        f"Neurons ({parameters['set']}) of the language asked in are off. Of the language steered "
        f"to, {'; '.join(used)}. Value: the {value} of a neuron's activations in that language.",
        f"Means over {whole['pairs']:,} ordered pairs of languages, n = {whole['problems']:,} "
        f"problems.{bars} NLL: of the answers alone, under the model without an intervention.",
        _best(table, facts["max_repetition"]),
    ]


def _best(table: pd.DataFrame, most: float) -> str:
    """Say which factor is the best on the first half, and how it does on the second."""
    steered = table[(table["half"] == _SECOND) & (table["intervention"] == STEERED)]
    said = []
    for mode, rows in steered.groupby("mode", sort=False):
        best = rows[rows["chosen"]]
        if best.empty:
            said.append(f"{mode}: none")
            continue
        row = best.iloc[0]
        said.append(
            f"{mode} × {row['factor']:g}: {_percent(row['in_target'])} in the language, "
            f"{row['nll']:.2f} nats/token, {_percent(row['repetition'])} repeated"
        )
    rule = (
        "Best factor: most answers in the language on the first half of the problems, where less "
        f"than {_percent(most)} of the 4-grams repeat"
    )
    return f"{rule}; on the second half, {'; '.join(said) or 'which has no problem, not measured'}."


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\u00a0%"
