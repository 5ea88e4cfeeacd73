"""What training only a language's neurons does to every language."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.components.schemas import ENHANCEMENT, ENHANCEMENT_CHANGES
from langneurons.corpora.languages import english_name
from langneurons.errors import InputError
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.heat_map import diverging_heat_map
from langneurons.figures.map_parts import colour_bar, largest_change
from langneurons.figures.style import COLUMN, INK, TEXT, signed

FIGURE = Declaration(
    "Change of NLL after training a language's neurons alone",
    per="enhancement",
    reads={"changes": "enhancement_changes", "effects": "enhancement"},
)

#: Inches: a cell's width and height, and the space around the cells.
_CELL, _ROW, _LEFT, _RIGHT, _AROUND = 0.4, 0.22, 1.3, 0.65, 0.75
_ROOM = 0.82
#: Rows that the labels at either side need.
_FEWEST = 5
_PANELS = {"change": "its neurons trained", "random": "random neurons trained"}
_COLOURS = "RdBu_r"


def draw(page: Page, changes: str | Path, effects: str | Path) -> None:
    """Draw the change of each target language's NLL by the language that is trained."""
    table, facts = read_table(changes, ENHANCEMENT_CHANGES), read_provenance(changes)
    if table.empty:
        raise InputError(f"{changes}: no language has neurons to train")
    neurons = read_table(effects, ENHANCEMENT).set_index("language")["neurons"]
    targets = facts["languages"]
    trained = [name for name in targets if name in set(table["language"])]
    shown = [name for name in _PANELS if table[name].notna().any()]
    page.note(*_notes(table, facts))
    beside = _width(len(shown), len(targets)) <= TEXT
    columns, rows = (len(shown), 1) if beside else (1, len(shown))
    panels = page.panels(
        max(_width(columns, len(targets)), COLUMN),
        rows * (max(len(trained), _FEWEST) * _ROW + _AROUND),
        nrows=rows,
        ncols=columns,
        squeeze=False,
    ).reshape(-1)
    limit = largest_change([table[shown].to_numpy()])
    place = pd.MultiIndex.from_product([trained, targets])
    cells = table.set_index(["language", "target"]).reindex(place)
    names = [f"{english_name(name)} ({neurons[name]:,})" for name in trained]
    for j, (axes, column) in enumerate(zip(panels, shown, strict=True)):
        values, low, high = (
            cells[f"{column}{end}"].to_numpy(dtype=float).reshape(len(trained), len(targets))
            for end in ("", "_low", "_high")
        )
        diverging_heat_map(
            axes, values, _labels(values), names if j == 0 or not beside else [""] * len(names),
            targets, _ROOM * _CELL, _COLOURS, limit, faded=(low <= 0) & (high >= 0),
        )  # fmt: skip
        for row, name in enumerate(trained):
            corner = (targets.index(name), row)
            axes.add_patch(_frame(corner))
        axes.set_title(_PANELS[column], loc="left")
        axes.set_xlabel("language measured")
        if j == 0 or not beside:
            axes.set_ylabel("trained on (neurons)")
    colour_bar(panels, _COLOURS, (-limit, limit), "change of NLL\n(nats per token)")


def _width(panels: int, targets: int) -> float:
    return _LEFT + _RIGHT + panels * (targets * _CELL + 0.15)


def _frame(corner: tuple[int, int]) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(corner, 1, 1, fill=False, edgecolor=INK, linewidth=0.8, zorder=4)


def _labels(values: np.ndarray) -> list[list[str]]:
    return [["–" if np.isnan(value) else signed(value, 2) for value in row] for row in values]


def _notes(table: pd.DataFrame, facts: Mapping[str, Any]) -> list[str]:
    parameters = facts["parameters"]
    training = parameters["training"]
    known = table["change_low"].notna().any()
    pale = "Pale: the 95\u00a0% interval (t, paired over problems) contains 0. " if known else ""
    named = ", ".join(f"{code} {english_name(code)}" for code in facts["languages"])
    random = (
        " Random: as many neurons in each layer, of no language, trained alike."
        if parameters["control_seeds"]
        else ""
    )
    return [
        f"A language's {parameters['set']} feed-forward neurons are trained on its texts, nothing "
        f"else: {training['steps']} steps of {training['batch']} texts, learning rate "
        f"{training['learning_rate']:g}.{random} Blue: better. Framed: the language itself. "
        f"{named}.",
        f"{pale}n = {table['problems'].max():,} problems a language, none of them trained on"
        + ("." if known else "; too few for intervals."),
    ]
