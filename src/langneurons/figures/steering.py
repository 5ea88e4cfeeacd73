"""The languages in which a model answers while it is steered from one language to another."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.languages import english_name
from langneurons.errors import InputError
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.heat_map import diverging_heat_map, share_heat_map
from langneurons.figures.map_parts import colour_bar, largest_change, say_alike, say_no_neurons
from langneurons.figures.style import COLUMN, TEXT, signed
from langneurons.interventions.schemas import ADD, MODES, NONE, SCALE, SET, STEERING

FIGURE = Declaration(
    "Answers while steered from one language to another",
    per="steering",
    reads={"steering": "steering"},
)

#: Inches: widest cell, lowest and highest row, left and right of the cells, around a panel, names.
_WIDEST, _ROWS, _LEFT, _RIGHT, _AROUND, _NAMES = 0.42, (0.2, 0.3), 1.2, 0.65, 0.32, 0.65
#: Share of a cell that its text may fill.
_ROOM = 0.8
_COLUMNS = {"steered": "steered", "control": "random control", "none": "no intervention"}
#: Inches: narrowest cell whose numbers can be read, room of a letter of a panel's title.
_NARROWEST, _LETTER = 0.2, 0.055
_GAP = 0.1


def draw(page: Page, steering: str | Path) -> None:
    """Draw the shares of answers in target, source and pivot language and the change in NLL."""
    table = read_table(steering, STEERING)
    if table.empty:
        raise InputError(f"{steering}: no steered pair of languages")
    facts = read_provenance(steering)
    page.note(*_notes(table, facts))
    _draw_maps(page, table, facts["pivot"])


def _draw_maps(page: Page, table: pd.DataFrame, pivot: str) -> None:
    """Draw the panels of each measure, one for each intervention, mode and factor."""
    languages = list(dict.fromkeys(table["source"]))
    K = len(languages)
    lines = _lines(table, K)
    panels, longest = len(lines[0]), max(len(title) for line in lines for title in line)
    measures = {
        "in_target": "answers in the language steered to",
        "in_source": "answers in the language asked in",
        "in_pivot": f"answers in {english_name(pivot)}",
        "repetition": "repeated 4-grams",
        "nll_change": "change of NLL",
    }
    cell = _cell(panels, K)
    row = float(np.clip(0.9 / K, *_ROWS))
    grid = page.panels(
        max(panels * max(K * cell + _GAP, _LETTER * longest) + _LEFT + _RIGHT, COLUMN),
        len(measures) * len(lines) * (K * row + _AROUND) + _NAMES,
        nrows=len(measures) * len(lines),
        ncols=panels,
        squeeze=False,
    )
    limit = largest_change([table["nll_change"].to_numpy()])
    for i, (measure, label) in enumerate(measures.items()):
        place = grid[i * len(lines) : (i + 1) * len(lines)]
        for k, line in enumerate(lines):
            below = lines[k + 1] if k + 1 < len(lines) else {}
            for axes in place[k, len(line) :]:
                axes.set_axis_off()
            for j, (name, rows) in enumerate(line.items()):
                axes = place[k, j]
                if measure == "nll_change" and name == _COLUMNS[NONE]:
                    axes.set_axis_off()
                    continue
                names = _row_names(table, languages) if j == 0 else [""] * K
                last = i == len(measures) - 1 and j >= len(below)
                targets = [english_name(language) if last else "" for language in languages]
                _draw_map(axes, rows, measure, languages, names, targets, _ROOM * cell, limit)
                above = "" if k else f"{label if j == 0 else ''}\n"
                axes.set_title(f"{above}{name}", loc="left")
                if last:
                    axes.set_xlabel("steered to")
            place[k, 0].set_ylabel("asked in")
        if measure == "nll_change":
            colour_bar(place.flat, "RdBu_r", (-limit, limit), "nats a token", format="{x:.3g}")
        else:
            of = "of the 4-grams" if measure == "repetition" else "of the answers"
            colour_bar(place.flat, "cividis", (0, 1), of, format="{x:.0%}")


def _lines(table: pd.DataFrame, K: int) -> list[dict[str, pd.DataFrame]]:
    """Return the panels of a measure by their titles, line by line, each with its rows.

    As many modes and factors as can be read stand side by side; the rest go on further lines.
    """
    changed = table[table["intervention"] != NONE]
    doses = sorted(set(zip(changed["mode"], changed["factor"], strict=True)), key=_place)
    found: list[dict[str, pd.DataFrame]] = []
    for beside in range(len(doses), 0, -1):
        parts = [doses[start : start + beside] for start in range(0, len(doses), beside)]
        found = [_panels(table, part, doses) for part in parts]
        found[0] |= {_COLUMNS[NONE]: table[table["intervention"] == NONE]}
        cell = _cell(len(found[0]), K)
        if cell >= _NARROWEST and K * cell + _GAP >= _LETTER * max(map(len, found[0])):
            break
    return found


def _place(dose: tuple[str, float]) -> tuple[int, float]:
    mode, factor = dose
    return MODES.index(mode), factor


def _panels(
    table: pd.DataFrame, shown: Sequence[tuple[str, float]], doses: Sequence[tuple[str, float]]
) -> dict[str, pd.DataFrame]:
    """Return the rows of each intervention at some of the doses, by the title of its panel."""
    kinds = [kind for kind in _COLUMNS if kind in set(table["intervention"]) - {NONE}]
    modes, factors = (len(set(each)) for each in zip(*doses, strict=True))
    return {
        _COLUMNS[kind]
        + (f", {mode}" if modes > 1 else "")
        + (f" × {factor:g}" if factors > 1 else ""): table[
            (table["intervention"] == kind) & (table["mode"] == mode) & (table["factor"] == factor)
        ]
        for kind in kinds
        for mode, factor in shown
    }


def _cell(panels: int, K: int) -> float:
    """Return the width of a cell where so many panels stand side by side, in inches."""
    return min(_WIDEST, (TEXT - _LEFT - _RIGHT) / (panels * K))


def _draw_map(
    axes: Axes,
    rows: pd.DataFrame,
    measure: str,
    languages: list[str],
    names: list[str],
    columns: list[str],
    room: float,
    limit: float,
) -> None:
    """Draw one measure of one intervention, source × target; the diagonal is empty."""
    K = len(languages)
    pairs = pd.MultiIndex.from_product([languages, languages])
    cells = rows.set_index(["source", "target"])
    values, n = (
        cells[name].reindex(pairs).to_numpy(dtype=float).reshape(K, K) for name in (measure, "n")
    )
    absent = (n == 0).sum(axis=1) >= K - 1
    labels = [
        [
            "" if i == j or gone else "–" if np.isnan(value) else _number(value, measure)
            for j, value in enumerate(line)
        ]
        for i, (line, gone) in enumerate(zip(values, absent, strict=True))
    ]
    if measure == "nll_change":
        ends = [
            cells[f"nll_change_{end}"].reindex(pairs).to_numpy(dtype=float).reshape(K, K)
            for end in ("low", "high")
        ]
        faded = (ends[0] <= 0) & (ends[1] >= 0)
        diverging_heat_map(axes, values, labels, names, columns, room, "RdBu_r", limit, faded)
    else:
        share_heat_map(axes, values, labels, names, columns, room)
    for i in np.flatnonzero(absent).tolist():
        say_no_neurons(axes, i, K)


def _number(value: float, measure: str) -> str:
    if measure != "nll_change":
        return f"{100 * value:.0f}"
    return signed(value, int(abs(value) < 9.95))  # there is room for three digits at most


def _row_names(table: pd.DataFrame, languages: list[str]) -> list[str]:
    """Return the languages, each with the number of its neurons raised when steered to."""
    steered = table[table["intervention"] == "steered"].groupby("target")["raised"].max()
    return [f"{english_name(name)} ({steered.get(name, 0):,})" for name in languages]


def _notes(table: pd.DataFrame, facts: Mapping[str, Any]) -> list[str]:
    parameters = facts["parameters"]
    none = table[table["intervention"] == "none"].drop_duplicates("source")
    steered = table[table["intervention"] == "steered"]
    control = table[table["intervention"] == "control"]
    unfinished = f"{steered['unfinished'].sum():,.0f} of {steered['n'].sum():,} steered"
    if len(control):
        unfinished += f" and {control['unfinished'].sum():,.0f} of {control['n'].sum():,} control"
    return [
        f"Cells: percent. Neurons ({parameters['set']}; how many) of the language "
        f"asked in are switched off, those of the language steered to {_raised(parameters)}. "
        f"Random control: as many other neurons in each "
        f"layer{say_alike(facts)}. Repeated: 4-grams of tokens that occurred in the answer before.",
        "NLL: of the answers alone, without the question, under the model as it is without an "
        f"intervention; {none['nll'].mean():.2f} nats a token without one. Pale: the 95\u00a0% "
        "bootstrap interval over problems contains 0. –: not measured.",
        f"n = {none['n'].max():,} problems a language asked in. Not ended within "
        f"{parameters['max_new_tokens']} tokens: {unfinished} answers.",
    ]


def _raised(parameters: Mapping[str, Any]) -> str:
    """Say what happens to raised neurons, in each mode."""
    modes, factors = parameters["modes"], parameters["factors"]
    by = " or ".join(f"{factor:g}" for factor in factors)
    raise_to = parameters["raise_to"]
    to = "the mean" if raise_to == "mean" else f"the {raise_to:g}\u00a0quantile"
    times = "" if factors == [1] else f", times {by}"
    ways = {
        SET: f"set to {to} of their activations in that language{times}",
        ADD: f"raised by {to} of their activations in that language{times}",
        SCALE: f"multiplied by {by}",
    }
    named = [
        f"{way} ({mode})" if len(modes) > 1 else way for mode, way in ways.items() if mode in modes
    ]
    return "; or ".join(named)
