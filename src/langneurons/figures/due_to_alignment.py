"""What an alignment changes by layer beside what its controls change, seed by seed (METHOD 10)."""

from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.comparison.attribution import ATTRIBUTION
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.layer_axis import NUMBERS_HEIGHT, layer_panels, phase_notes
from langneurons.figures.style import (
    FAINT,
    INK,
    SERIES,
    legend_above,
    signed,
    signed_axis,
)
from langneurons.phases.segmentation import TYPED
from langneurons.phases.table import read_phases

FIGURE = Declaration(
    "Alignment against its controls",
    per="alignment and controls",
    reads={"attribution": "attribution", "phases": "phases of before"},
)
_HEIGHT = 4.2
_MARKERS, _LINES = ("D", "v", "s"), ("--", ":", "-.")


def draw(page: Page, attribution: Path, phases: Path) -> None:
    """Draw the change by layer, a panel per type: means as lines, seeds as dots."""
    table, segments = read_table(attribution, ATTRIBUTION), read_phases(phases)
    facts = read_provenance(attribution)
    seeds = int(table["seeds"].iloc[0])
    dots = f"Lines: mean over {seeds} seeds; markers: seeds." if seeds > 1 else "One seed."
    page.note(
        f"Δ: neurons after minus neurons before ({facts['before']}). {dots} A control ("
        f"{', '.join(facts['controls'])}) is trained alike, without what aligns.",
        "In all layers [95 % interval over seeds] (due to the alignment?):",
        *_differences(table, facts["family"]),
        "Phases of the model before:",
        *phase_notes(segments),
    )
    panels = layer_panels(page, segments, _HEIGHT, len(TYPED))
    by_layer = table[table["quantity"] == "layer"]
    for kind, axes in zip(TYPED, panels, strict=True):
        rows = by_layer[by_layer["type"] == kind]
        one = rows[rows["control"] == rows["control"].iloc[0]]
        _line(axes, one, "change", facts["family"], SERIES[1], "o", "-")
        looks = zip(cycle(_MARKERS), cycle(_LINES), strict=False)
        for (name, part), (marker, line) in zip(
            rows.groupby("control", sort=False), looks, strict=False
        ):
            _line(axes, part, "control_change", name, FAINT, marker, line)
        axes.axhline(0, color=INK, linewidth=0.6, zorder=2)
        signed_axis(axes)
        axes.set_ylabel(f"Δ {kind}")
    legend_above(panels[0], _HEIGHT / len(TYPED), 3, NUMBERS_HEIGHT)


def _line(
    axes: Axes, rows: pd.DataFrame, column: str, label: str, colour: str, marker: str, line: str
) -> None:
    x = rows["place"].astype(int).to_numpy()
    axes.plot(x, rows[column], color=colour, linestyle=line, linewidth=1, label=label, zorder=4)
    seeds = np.stack(rows[f"{column}s"])  # (layers, seeds)
    face = colour if marker == "o" else "white"
    axes.plot(
        x,
        seeds,
        linestyle="none",
        marker=marker,
        markersize=2.4,
        markerfacecolor=face,
        markeredgecolor=colour,
        markeredgewidth=0.6,
        zorder=5,
    )


def _differences(table: pd.DataFrame, family: str) -> list[str]:
    """Write, for each control, what the alignment changes more than it does."""
    lines = []
    for name, part in table[table["quantity"] == "total"].groupby("control", sort=False):
        totals = part.set_index("type")
        said = [f"{kind} {_difference(totals.loc[kind])}" for kind in TYPED]
        lines.append(f"{family} less {name}: {'; '.join(said)}.")
    return lines


def _difference(row: pd.Series) -> str:
    text = signed(row["difference"], 1)
    if pd.notna(row["difference_low"]):
        text += f" [{signed(row['difference_low'], 1)}, {signed(row['difference_high'], 1)}]"
    return f"{text} ({row['due_to_alignment']})"
