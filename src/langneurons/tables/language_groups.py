"""Common to tables 2 and 3: neurons of two groups of languages, before and after (METHOD 4)."""

from functools import partial
from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.comparison.changes import LANGUAGES
from langneurons.corpora.languages import english_name
from langneurons.figures.style import signed
from langneurons.tables.layout import Layout

NUMBERS = ("before", "after", "change")
MEAN = "Mean number of neurons a language; related neurons count for each of their languages."


def compare_groups(path: str | Path, groups: tuple[str, str]) -> pd.DataFrame:
    """Compare the neurons of the languages in one group with those in another.

    Parameters
    ----------
    path
        A `langneurons.comparison.changes.LANGUAGES` artefact.
    groups
        The names of the groups. The first is also the artefact's column that says whether a
        language is in it; all other languages are in the second.

    Returns
    -------
    DataFrame
        One row per group × type (specific, related): group, n_languages, languages (codes), type,
        and the mean number of neurons per language before and after, and its change. An empty
        group has no row.
    """
    table = read_table(path, LANGUAGES)
    rows = []
    for group, member in zip(groups, (True, False), strict=True):
        for kind in table["type"].unique():
            chosen = table[(table[groups[0]] == member) & (table["type"] == kind)]
            if len(chosen):
                rows.append(
                    {
                        "group": group,
                        "n_languages": len(chosen),
                        "languages": " ".join(chosen["language"]),
                        "type": kind,
                        **chosen[list(NUMBERS)].mean(),
                    }
                )
    return pd.DataFrame(rows, columns=["group", "n_languages", "languages", "type", *NUMBERS])


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
            "change": table["change"].map(partial(signed, decimals=1)),
        }
    )


def language_names(codes: str) -> str:
    """Return the English names of languages whose codes are separated by spaces."""
    return ", ".join(english_name(code) for code in codes.split())
