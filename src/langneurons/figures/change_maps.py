"""Maps of what deactivation changes: deactivated languages in rows, affected ones in columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from langneurons.artifacts.tables import read_table
from langneurons.corpora.languages import english_name
from langneurons.errors import InputError
from langneurons.figures.frame import Page
from langneurons.figures.heat_map import diverging_heat_map
from langneurons.figures.map_parts import colour_bar, largest_change, say_alike, say_no_neurons
from langneurons.figures.style import COLUMN, INK, TEXT, signed
from langneurons.interventions.schemas import DEACTIVATION, NONE
from langneurons.neurons.sets import is_whole

#: Inches: the widest cell, the narrowest panel that fits its title, the lowest and highest row,
#: the lowest set of rows that fits the colour bar's label.
_WIDEST, _PANEL, _ROWS, _LABEL = 0.5, 1.45, (0.2, 0.36), 0.9
#: Share of a cell's width that its text may fill, because of frames and narrow gaps.
_ROOM = 0.78
#: From this many languages on, numbers are written with two digits, not three.
_MANY_LANGUAGES = 8
#: Below this adjusted p a cell has a dot.
_LEVEL = 0.05
#: Inches left of the cells (names), right of them (colour bar), above and below each panel.
_LEFT, _RIGHT, _AROUND, _NAMES = 1.2, 0.65, 0.3, 0.65


@dataclass(frozen=True)
class ChangeMap:
    """Change of a measure under one set: deactivated language × target language.

    Attributes
    ----------
    changes
        Array (K, K); NaN where nothing was measured, ±inf where the measure is infinite.
    control
        The mean over the set's random controls, (K, K); None where there are none.
    neurons
        How many are switched off in each row, (K,).
    faded
        Whether the interval of each change contains 0, (2, K, K): for the set, for its control.
    differs
        Whether the set's change differs from its control's, (K, K).
    """

    changes: np.ndarray
    control: np.ndarray | None
    neurons: np.ndarray
    faded: np.ndarray
    differs: np.ndarray


def read_deactivation(path: str | Path) -> pd.DataFrame:
    """Read a deactivation artefact from which changes can be drawn.

    Raises
    ------
    InputError
        If the artefact is missing or malformed, has no set of neurons, or no row without one.
    """
    table = read_table(path, DEACTIVATION)
    for present, name in [(table["set"] != NONE, "a set"), (table["set"] == NONE, "no set")]:
        if not present.any():
            raise InputError(f"{path}: no row with {name} of neurons switched off")
    return table


def change_maps(
    table: pd.DataFrame, measure: np.ndarray, intervals: pd.DataFrame
) -> dict[str, ChangeMap]:
    """Return, for each whole set, the change of a measure relative to no neurons switched off.

    Parameters
    ----------
    table
        Rows of `langneurons.interventions.schemas.DEACTIVATION`.
    measure
        The measure of each row, (rows,).
    intervals
        The rows of `langneurons.interventions.deactivation_changes.CHANGES` for this measure.
    """
    languages = _targets(table)
    rows = table.assign(measure=measure)
    whole = rows[rows["set"] == NONE].set_index("target")["measure"].reindex(languages).to_numpy()
    maps = {}
    for name in dict.fromkeys(rows.loc[rows["set"] != NONE, "set"]):
        if not is_whole(name):
            continue
        cells = rows[rows["set"] == name]
        own = cells[cells["control_seed"].isna()]
        seeds = sorted(cells["control_seed"].dropna().unique())
        drawn = [cells[cells["control_seed"] == seed] for seed in seeds]
        # Infinite − infinite gives NaN: the cell says "n/a".
        with np.errstate(invalid="ignore"):
            changes = _matrix(own, languages) - whole
            controls = [_matrix(one, languages) - whole for one in drawn]
            control = np.mean(controls, axis=0) if controls else None
        sizes = own.drop_duplicates("deactivated").set_index("deactivated")["neurons"]
        neurons = sizes.reindex(languages, fill_value=0).to_numpy()
        of_set = intervals[intervals["set"] == name]
        faded, differs = _contain_zero(of_set, languages), _differ(of_set, languages)
        maps[name] = ChangeMap(changes, control, neurons, faded, differs)
    return maps


def note_maps(
    page: Page,
    table: pd.DataFrame,
    intervals: pd.DataFrame,
    provenance: Mapping[str, Any],
    units: str = "problems",
) -> None:
    """Note what the rows are, how the controls were drawn, what the marks mean, and n.

    Parameters
    ----------
    provenance
        That of the table.
    units
        What intervals are over: ``problems``, or ``facts``.
    """
    seeds = table["control_seed"].nunique()
    drawn = f"mean of {seeds} seeds" if seeds > 1 else "1 seed"
    control = (
        f" Random control: as many other neurons in each layer{say_alike(provenance)}, {drawn}."
        if seeds
        else " No random control."
    )
    numbers = table.loc[table["set"] == NONE, "n" if units == "problems" else units]
    spread = f"{numbers.min():,}"
    if numbers.max() > numbers.min():
        spread += f"–{numbers.max():,}"
    page.note(
        f"Rows: language whose neurons are switched off (how many).{control} "
        f"Framed: the language itself. Pale: the 95\u00a0% bootstrap interval over {units} "
        "contains 0."
        + (
            f" Dot: differs from the random control, p < {_LEVEL} (t test paired over {units}, "
            "Benjamini–Hochberg over the map)."
            if intervals["p"].notna().any()
            else ""
        ),
        f"n = {spread} {units} a language.",
    )


def draw_maps(
    page: Page,
    table: pd.DataFrame,
    maps: Mapping[str, ChangeMap],
    colour_map: str,
    unit: str,
    decimals: int,
) -> None:
    """Draw a row of panels for each set: its map, its control's map, their colour bar.

    Parameters
    ----------
    table
        The rows from which `change_maps` made the maps.
    colour_map
        Name of a diverging colour map.
    unit
        Label of the colour bars.
    decimals
        Maximum number of decimals in the cells.
    """
    languages = _targets(table)
    K = len(languages)
    panels = 1 + any(change.control is not None for change in maps.values())
    cell = max(min(_WIDEST, (TEXT - _LEFT - _RIGHT) / (panels * K)), _PANEL / K)
    row = float(np.clip(_LABEL / K, *_ROWS))
    digits = 2 if K >= _MANY_LANGUAGES else 3
    width = max(panels * K * cell + _LEFT + _RIGHT, COLUMN)
    height = len(maps) * (K * row + _AROUND) + _NAMES
    # One scale, so that all sets can be compared.
    limit = largest_change(part for change in maps.values() for part in _parts(change))
    grid = page.panels(width, height, nrows=len(maps), ncols=panels, squeeze=False)
    for i, (name, change) in enumerate(maps.items()):
        line = grid[i]
        last = i == len(maps) - 1
        columns = [english_name(language) if last else "" for language in languages]
        counts = zip(languages, change.neurons, strict=True)
        rows = [f"{english_name(language)} ({n:,})" for language, n in counts]
        shown = zip(line, (change.changes, change.control), change.faded, strict=False)
        for axes, values, faded in shown:
            if values is None:
                axes.set_axis_off()
                continue
            labels = _labels(values, change.neurons, decimals, digits)
            names = rows if axes is line[0] else [""] * K
            room = _ROOM * cell
            diverging_heat_map(axes, values, labels, names, columns, room, colour_map, limit, faded)
            _mark(axes, change.neurons)
            if values is change.changes:
                _dot(axes, change.differs)
            axes.set_title(name if axes is line[0] else "random control", loc="left")
        line[0].set_ylabel("deactivated")
        marks = MaxNLocator(nbins=4, symmetric=True)
        colour_bar(
            line, colour_map, (-limit, limit), unit, format=FuncFormatter(_tick), ticks=marks
        )
    for axes in grid[-1]:
        axes.set_xlabel("target language")


def _targets(table: pd.DataFrame) -> list[str]:
    """Return the K languages of a deactivation table, in its order."""
    return list(dict.fromkeys(table["target"]))


def _matrix(rows: pd.DataFrame, languages: list[str]) -> np.ndarray:
    """Return the measure of one set, or one control, as deactivated × target; NaN where absent."""
    cells = pd.MultiIndex.from_product([languages, languages])
    values = rows.set_index(["deactivated", "target"])["measure"].reindex(cells)
    return values.to_numpy(dtype=float).reshape(len(languages), len(languages))


def _contain_zero(intervals: pd.DataFrame, languages: list[str]) -> np.ndarray:
    """Tell which intervals contain 0, (2, K, K): for a set and for its control."""
    cells = pd.MultiIndex.from_product([[False, True], languages, languages])
    bounds = intervals.set_index(["control", "deactivated", "target"])
    bounds = bounds[["change_low", "change_high"]].reindex(cells).astype(float)
    contain = (bounds["change_low"] <= 0) & (bounds["change_high"] >= 0)
    return contain.to_numpy().reshape(2, len(languages), len(languages))


def _differ(intervals: pd.DataFrame, languages: list[str]) -> np.ndarray:
    """Tell in which cells a set's change differs from its control's, (K, K)."""
    cells = pd.MultiIndex.from_product([languages, languages])
    own = intervals[~intervals["control"]].set_index(["deactivated", "target"])
    p = own["p_adjusted"].reindex(cells).to_numpy(dtype=float)
    return (p < _LEVEL).reshape(len(languages), len(languages))


def _parts(change: ChangeMap) -> list[np.ndarray]:
    return [part for part in (change.changes, change.control) if part is not None]


def _labels(values: np.ndarray, neurons: np.ndarray, decimals: int, digits: int) -> list[list[str]]:
    return [
        [_number(value, decimals, digits) if count else "" for value in row]
        for row, count in zip(values, neurons, strict=True)
    ]


def _number(value: float, decimals: int, digits: int) -> str:
    """Write a change in at most ``digits`` digits: "+1.25", or with two, "+1.3" and "+.25"."""
    if np.isnan(value):
        return "n/a"
    if np.isinf(value):
        return "inf" if value > 0 else "−inf"
    whole = int(round(abs(value), 1))
    used = len(str(whole)) if abs(value) >= 0.995 else int(digits > 2)
    text = signed(value, max(min(decimals, digits - used), 0))
    shorten = digits == 2 and decimals > 1 and text.lstrip("+−").startswith("0.")
    return text.replace("0.", ".", 1) if shorten else text


def _tick(value: float, _: int) -> str:
    return f"{value:+.3g}".replace("-", "−") if abs(value) > 1e-12 else "0"


def _mark(axes: Axes, neurons: np.ndarray) -> None:
    """Frame each language's own cell, and say where there was nothing to switch off."""
    for i, count in enumerate(neurons):
        if count:
            frame = Rectangle((i + 0.03, i + 0.05), 0.94, 0.9, fill=False, edgecolor=INK)
            frame.set_linewidth(0.7)
            axes.add_patch(frame)
        else:
            say_no_neurons(axes, i, len(neurons))


def _dot(axes: Axes, cells: np.ndarray) -> None:
    """Put a dot into the upper right corner of cells; its white rim shows it on dark ones."""
    rows, columns = np.nonzero(cells)
    (dots,) = axes.plot(columns + 0.9, rows + 0.17, "o", color=INK, markersize=2.6)
    dots.set(markeredgewidth=0.5, markeredgecolor="white")
