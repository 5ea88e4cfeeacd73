"""Overlap of the positions of neurons on a model's data sets (METHOD 4)."""

from pathlib import Path

import pandas as pd

from langneurons.figures.declaration import Declaration
from langneurons.tables import overlap
from langneurons.tables.layout import Layout

TABLE = Declaration(
    "Overlap of neuron positions across data sets",
    per="several data sets",
    reads={"positions": "dataset_overlap"},
)


def make(positions: str | Path) -> pd.DataFrame:
    """Overlap of the positions of each type; see `langneurons.tables.overlap.make`."""
    return overlap.make(positions)


def lay_out(table: pd.DataFrame, **_: object) -> Layout:
    """Lay out the counts and both measures of overlap, one row per type."""
    return overlap.lay_out(table)
