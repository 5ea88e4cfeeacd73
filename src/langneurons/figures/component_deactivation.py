"""What a language's neurons do, by component and stage of the layers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.components.schemas import ALL, COMPONENT_EFFECTS
from langneurons.corpora.languages import english_name
from langneurons.errors import InputError
from langneurons.figures.component_names import COMPONENT_NAMES, STAGE_NAMES
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.heat_map import diverging_heat_map
from langneurons.figures.map_parts import colour_bar, largest_change
from langneurons.figures.style import signed

FIGURE = Declaration(
    "Change of NLL by component and stage",
    per="component_deactivation",
    reads={"effects": "component_effects"},
)

#: Inches: a cell's width, a row's height with one line or two, and the space around the cells.
_CELL, _ROW, _ROW_OF_TWO, _LEFT, _RIGHT, _AROUND, _BELOW = 0.44, 0.19, 0.3, 1.0, 0.65, 0.32, 0.62
#: Share of a cell that its text may fill.
_ROOM = 0.82
_PANELS = {
    "own": "the language itself",
    "others": "mean of the others",
    "random_own": "itself, random neurons",
}
_COLOURS = "RdBu_r"


def draw(page: Page, effects: str | Path) -> None:
    """Draw the changes by component, means over languages, and below them by language."""
    table, facts = read_table(effects, COMPONENT_EFFECTS), read_provenance(effects)
    if table.empty:
        raise InputError(f"{effects}: no component has neurons of any of the languages")
    means = table[table["language"].isna()].set_index(["component", "stage"])
    components = [name for name in COMPONENT_NAMES if name in set(table["component"])]
    languages = [name for name in facts["languages"] if name in set(table["language"])]
    # Below are the languages one by one: all components together, or else the first one.
    below = table[(table["component"] == components[0]) & table["language"].notna()]
    by_language = below.set_index(["language", "stage"])
    shown = [name for name in _PANELS if table[name].notna().any()]
    page.note(*_notes(table, facts))
    heights = [len(components) * _ROW_OF_TWO + _AROUND, len(languages) * _ROW + _AROUND]
    grid = page.panels(
        _LEFT + _RIGHT + len(shown) * (len(STAGE_NAMES) * _CELL + 0.1),
        sum(heights) + _BELOW,
        nrows=2,
        ncols=len(shown),
        squeeze=False,
        gridspec_kw={"height_ratios": heights},
    )
    limit = largest_change([means[shown].to_numpy(), by_language[shown].to_numpy()])
    for j, column in enumerate(shown):
        rows = [COMPONENT_NAMES[name] for name in components]
        numbers = j == 0
        _map(grid[0, j], means, components, rows if j == 0 else [], column, limit, numbers)
        grid[0, j].set_title(f"{_PANELS[column]}\n(mean of languages)", loc="left")
        rows = [english_name(name) for name in languages]
        _map(grid[1, j], by_language, languages, rows if j == 0 else [], column, limit, False)
        grid[1, j].set_title(f"by language: {COMPONENT_NAMES[components[0]]}", loc="left")
    for axes in grid[0]:
        axes.set_xticklabels([])
    colour_bar(grid.flat, _COLOURS, (-limit, limit), "change of NLL (nats per token)")


def _map(
    axes: Axes,
    table: pd.DataFrame,
    keys: Sequence[str],
    names: Sequence[str],
    column: str,
    limit: float,
    numbers: bool,
) -> None:
    """Draw one panel: a row for each key, a column for each stage."""
    place = pd.MultiIndex.from_product([keys, STAGE_NAMES])
    shape = (len(keys), len(STAGE_NAMES))
    values, low, high = (
        table[f"{column}{end}"].reindex(place).to_numpy(dtype=float).reshape(shape)
        for end in ("", "_low", "_high")
    )
    counts = (table["neurons"] / table["languages"]).reindex(place).to_numpy().reshape(shape)
    labels = [
        [_label(value, count if numbers else None) for value, count in zip(*rows, strict=True)]
        for rows in zip(values, counts, strict=True)
    ]
    diverging_heat_map(
        axes, values, labels, names or [""] * len(keys), list(STAGE_NAMES.values()),
        _ROOM * _CELL, _COLOURS, limit, faded=(low <= 0) & (high >= 0),
    )  # fmt: skip


def _label(value: float, count: float | None) -> str:
    if np.isnan(value):
        return "–"
    return signed(value, 2) + ("" if count is None else f"\n{count:,.0f}")


def _notes(table: pd.DataFrame, facts: Mapping[str, Any]) -> list[str]:
    parameters = facts["parameters"]
    spans = ", ".join(
        f"{name} {'–'.join(map(str, facts['stages'][stage]))}"
        for stage, name in STAGE_NAMES.items()
        if stage != ALL
    )
    known = table["own_low"].notna().any()
    pale = "Pale: the 95\u00a0% interval (t, paired over problems) contains 0. " if known else ""
    random = (
        " Random: as many neurons of the same component in each layer, of no language; by layer, "
        "not by importance."
        if parameters["control_seeds"]
        else ""
    )
    return [
        f"A language's {parameters['set']} neurons are off. Layers: {spans}. Red: worse. "
        f"–: no neurons. Below the changes: how many neurons they are, a mean "
        f"over languages.{random}",
        f"{pale}n = {table['problems'].max():,} problems a language"
        + ("." if known else ", too few for intervals.")
        + " Means are over the languages that have such neurons.",
    ]
