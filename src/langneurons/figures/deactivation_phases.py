"""What the neurons in the layers of each phase do for their languages."""

from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import read_table
from langneurons.corpora.languages import english_name
from langneurons.errors import InputError
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.heat_map import diverging_heat_map
from langneurons.figures.map_parts import colour_bar, largest_change
from langneurons.figures.style import COLUMN, signed
from langneurons.interventions.deactivation_changes import BY_ROW, DOMINANCE
from langneurons.neurons.sets import AT_PHASE, phase_set
from langneurons.phases.table import read_phases

FIGURE = Declaration(
    "Change of log(1 + PPL) by the neurons of each phase",
    per="deactivation by phase",
    reads={"dominance": "deactivation_dominance", "phases": "phases"},
)

#: Inches: a cell's width, a row's height, and the space around the cells of a panel.
_CELL, _ROW, _LEFT, _RIGHT, _AROUND, _BELOW = 0.4, 0.2, 0.9, 0.65, 0.3, 0.45
#: Share of a cell that its text may fill.
_ROOM = 0.8
_PANELS = {
    "own": "the language itself",
    "others": "mean of the others",
    "control": "itself, random control",
}


def draw(page: Page, dominance: str | Path, phases: str | Path) -> None:
    """Draw the change in log(1 + PPL) by the neurons of each phase's layers, and by all of them."""
    table = read_table(dominance, DOMINANCE)
    table = table[table["by"] == BY_ROW]
    if not table["set"].str.contains(AT_PHASE).any():
        raise InputError(f"{dominance}: no set by phase")
    layers = read_phases(phases)
    spans = ", ".join(
        f"{row.phase}: layer {row.first_layer}"
        if row.first_layer == row.last_layer
        else f"{row.phase}: layers {row.first_layer}–{row.last_layer}"
        for row in layers.itertuples()
    )
    page.note(
        "Rows: language whose neurons are switched off, all of them or those in a phase's layers "
        f"({spans}). Red: worse. –: no neurons there.",
        "Pale: the 95\u00a0% bootstrap interval over problems contains 0. "
        f"n = {table['problems'].max():,} problems a language.",
    )
    _draw_maps(page, table[table["measure"] == "log_perplexity"], len(layers))


def _draw_maps(page: Page, table: pd.DataFrame, phases: int) -> None:
    """Draw a row of panels for each set, a column of cells for each phase."""
    sets = [name for name in dict.fromkeys(table["set"]) if AT_PHASE not in name]
    languages = list(dict.fromkeys(table["language"].dropna()))
    shown = [name for name in _PANELS if table[name].notna().any()]
    columns = ["all", *map(str, range(1, phases + 1))]
    rows = len(languages) + 1  # plus their mean
    panel = len(columns) * _CELL
    grid = page.panels(
        max(_LEFT + _RIGHT + len(shown) * (panel + 0.1), COLUMN),
        len(sets) * (rows * _ROW + _AROUND) + _BELOW,
        nrows=len(sets),
        ncols=len(shown),
        squeeze=False,
    )
    cells = table.set_index(["set", table["language"].fillna("mean")])
    limit = largest_change([table[shown].to_numpy()])
    names = [*map(english_name, languages), "mean"]
    for i, name in enumerate(sets):
        parts = [name, *(phase_set(name, phase) for phase in range(1, phases + 1))]
        for j, column in enumerate(shown):
            place = pd.MultiIndex.from_product([parts, [*languages, "mean"]])
            ends = [
                cells[f"{column}{end}"].reindex(place).to_numpy(dtype=float)
                for end in ("", "_low", "_high")
            ]
            values, low, high = (end.reshape(len(parts), rows).T for end in ends)
            diverging_heat_map(
                grid[i, j], values, _labels(values), names if j == 0 else [""] * rows,
                columns, _ROOM * _CELL, "RdBu_r", limit, faded=(low <= 0) & (high >= 0),
            )  # fmt: skip
            grid[i, j].set_title(f"{name}:\n{_PANELS[column]}", loc="left")
            if i == len(sets) - 1:
                grid[i, j].set_xlabel("phase")
    colour_bar(grid.flat, "RdBu_r", (-limit, limit), "change of log(1 + PPL)")


def _labels(values: np.ndarray) -> list[list[str]]:
    return [["–" if np.isnan(value) else signed(value, 2) for value in row] for row in values]
