"""Table 3: neurons of the pivot language, English in the paper, against the rest (METHOD 4)."""

from pathlib import Path

import pandas as pd

from langneurons.figures.declaration import Declaration
from langneurons.tables.language_groups import compare_groups, lay_out_groups
from langneurons.tables.layout import Layout

TABLE = Declaration(
    "Pivot language against the rest",
    per="comparison",
    reads={"groups": "group_change"},
    name="table3",
    title="{before} → {after} on {dataset}, method {method}",
)

_GROUPS = ("pivot", "rest")


def make(groups: str | Path) -> pd.DataFrame:
    """Return the table; see `compare_groups`."""
    return compare_groups(groups, _GROUPS)


def lay_out(table: pd.DataFrame, groups: str | Path) -> Layout:
    """Lay out the table."""
    return lay_out_groups(table, groups, _GROUPS)
