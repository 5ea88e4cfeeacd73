"""Table 2: neurons of the languages trained on, against the other languages (METHOD 4)."""

from pathlib import Path

import pandas as pd

from langneurons.figures.declaration import Declaration
from langneurons.tables.language_groups import compare_groups, lay_out_groups
from langneurons.tables.layout import Layout

TABLE = Declaration(
    "Trained against other languages",
    per="comparison",
    reads={"groups": "group_change"},
    name="table2",
    title="{before} → {after} on {dataset}, method {method}",
)

_GROUPS = ("trained", "other")


def make(groups: str | Path) -> pd.DataFrame:
    """Return the table; see `compare_groups`."""
    return compare_groups(groups, _GROUPS)


def lay_out(table: pd.DataFrame, groups: str | Path) -> Layout:
    """Lay out the table."""
    return lay_out_groups(table, groups, _GROUPS)
