"""Is a change the alignment's? Its changes, its controls' and the difference (METHOD 10)."""

from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.comparison.attribution import ATTRIBUTION
from langneurons.corpora.languages import english_name
from langneurons.figures.declaration import Declaration
from langneurons.figures.style import signed
from langneurons.phases.segmentation import TYPED
from langneurons.tables.layout import Layout, interval_cells

TABLE = Declaration(
    "Due to the alignment",
    per="alignment and controls",
    reads={"attribution": "attribution"},
    title="{before} → {family} on {dataset}, method {method}",
)
#: What is laid out; the CSV has layers and N too.
_SHOWN = ("total", "phase", "language")


def make(attribution: str | Path) -> pd.DataFrame:
    """Return the columns of `ATTRIBUTION` without the seeds' own changes."""
    table = read_table(attribution, ATTRIBUTION)
    return table.drop(columns=["changes", "control_changes"])


def lay_out(table: pd.DataFrame, attribution: str | Path) -> Layout:
    """Lay out one row per control × total, phase or language × type."""
    shown = table[table["quantity"].isin(_SHOWN) & table["type"].isin(TYPED)]
    cells = pd.DataFrame(
        {
            "control": shown["control"],
            "neurons": [
                _where(*row) for row in zip(shown["quantity"], shown["place"], strict=True)
            ],
            "type": shown["type"],
            "before": shown["before"].map("{:,}".format),
            "Δ alignment": shown["change"].map(_signed),
            "Δ control": shown["control_change"].map(_signed),
            "difference [95 %]": interval_cells(shown, "difference"),
            "due to it": shown["due_to_alignment"],
        }
    )
    facts, seeds = read_provenance(attribution), int(table["seeds"].iloc[0])
    notes = [
        f"Before: {facts['before']}. Means over seeds (n = {seeds}). Difference: alignment less "
        "control, with its 95 % interval over seeds (of three or more).",
        "Due to it: yes if the interval leaves out 0 and the difference is at least "
        f"{facts['margin']:.0%} of the number before (or one neuron); no if the whole interval is "
        "smaller than that; else inconclusive. Each row by itself: of twenty that are not, one is "
        "said to be.",
    ]
    numeric = ["before", "Δ alignment", "Δ control", "difference [95 %]"]
    return Layout(notes, cells, ("control", "neurons"), numeric)


def _where(quantity: str, place: str) -> str:
    if quantity == "total":
        return "all"
    return f"phase {place}" if quantity == "phase" else english_name(place)


def _signed(change: float) -> str:
    return signed(change, 1)
