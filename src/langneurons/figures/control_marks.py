"""Changes with their intervals, and beside them what the controls of an alignment change."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from matplotlib.axes import Axes

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.figures.style import INK, interval_bars

_MARKERS = ("D", "v", "s")


@dataclass(frozen=True)
class Control:
    """What a control of an alignment changes."""

    name: str
    """Its model."""
    kind: str
    """Which control it is."""
    table: pd.DataFrame
    marker: str

    @property
    def label(self) -> str:
        """Its name in a legend."""
        return f"control ({self.kind})"


def read_controls(paths: Sequence[str | Path], schema: pa.Schema) -> list[Control]:
    """Read a comparison's artefact of each control."""
    found = []
    for path, marker in zip(paths, cycle(_MARKERS), strict=False):
        facts = read_provenance(path)
        kind = facts["control"].replace("_", " ")
        found.append(Control(facts["after"], kind, read_table(path, schema), marker))
    return found


def draw_change_intervals(axes: Axes, x: np.ndarray, rows: pd.DataFrame) -> None:
    """Draw the 95 % intervals of changes as thin bars, where there are any."""
    interval_bars(axes, x, rows["change_low"].to_numpy(), rows["change_high"].to_numpy())


def draw_controls(
    axes: Axes, x: np.ndarray, controls: Sequence[Control], values: Sequence[np.ndarray]
) -> None:
    """Mark the numbers of each control, ``values[i]`` (len(x),), with its own open marker."""
    for control, numbers in zip(controls, values, strict=True):
        axes.plot(
            x,
            numbers,
            linestyle="none",
            marker=control.marker,
            markersize=2.6,
            markerfacecolor="white",
            markeredgecolor=INK,
            markeredgewidth=0.7,
            label=control.label,
            zorder=6,
        )


def change_notes(rows: pd.DataFrame, controls: Sequence[Control], over: str) -> list[str]:
    """Return lines that say what thin lines, intervals over something, and markers are."""
    if rows["change_low"].notna().any():
        notes = [f"Thin lines: 95 % interval {over}."]
    else:
        notes = ["No intervals: too few folds."]
    return notes + control_notes(controls)


def control_notes(controls: Sequence[Control]) -> list[str]:
    """Return lines that say which model each open marker is."""
    return [f"Open markers: {one.name}, {one.label}." for one in controls]


def reach_of(rows: pd.DataFrame, values: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and the highest point at each x of changes, intervals and controls."""
    points = np.stack([rows["change"], rows["change_low"], rows["change_high"], *values])
    return np.nanmin(points.astype(float), axis=0), np.nanmax(points.astype(float), axis=0)
