"""Common to tables 2 and 3: neurons of two groups of languages, before and after (METHOD 4)."""

from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.comparison.changes import GROUPS
from langneurons.corpora.languages import english_name
from langneurons.tables.layout import Layout, interval_cells

NUMBERS = ("before", "after", "change [95 %]")
_SUMS = ["before", "after", "change", "change_low", "change_high"]
MEAN = (
    "Mean number of neurons a language; related neurons count for each of their languages. Change: "
    "with its 95 % interval over texts, where there are enough folds."
)


def compare_groups(path: str | Path, groups: tuple[str, str]) -> pd.DataFrame:
    """Compare the neurons of the languages in one group with those in another.

    Parameters
    ----------
    path
        A `langneurons.comparison.changes.GROUPS` artefact.
    groups
        The names of the groups.

    Returns
    -------
    DataFrame
        One row per group × type (specific, related): group, n_languages, languages (codes), type,
        the mean number of neurons per language before and after, its change with the interval over
        texts, and whether it changed. An empty group has no row.
    """
    table = read_table(path, GROUPS)
    parts = [table[table["group"] == group] for group in groups]
    rows = pd.concat(parts, ignore_index=True)
    rows["languages"] = rows["languages"].map(" ".join)
    rows[_SUMS] = rows[_SUMS].div(rows["n_languages"], axis=0)
    return rows[["group", "n_languages", "languages", "type", *_SUMS, "changed"]]


def lay_out_groups(table: pd.DataFrame, path: str | Path, groups: tuple[str, str]) -> Layout:
    """Lay out a table of `compare_groups`, with notes that name the languages in each group."""
    members = dict(zip(table["group"], table["languages"], strict=True))
    notes = [MEAN]
    for group in groups:
        names = language_names(members.get(group, ""))
        notes.append(f"{group.capitalize()}: {names or 'no language, so the table has no row'}.")
    models = read_provenance(path)
    notes.append(f"Before: {models['before']}. After: {models['after']}.")
    return Layout(notes, group_cells(table), ("languages",), NUMBERS)


def group_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of a table of `compare_groups`."""
    return pd.DataFrame(
        {
            "languages": [f"{row.group} ({row.n_languages})" for row in table.itertuples()],
            "type": table["type"],
            **{name: table[name].map("{:,.1f}".format) for name in ("before", "after")},
            "change [95 %]": interval_cells(table, "change"),
        }
    )


def language_names(codes: str) -> str:
    """Return the English names of languages whose codes are separated by spaces."""
    return ", ".join(english_name(code) for code in codes.split())
