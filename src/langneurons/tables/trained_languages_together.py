"""Table 2 for all comparisons on a data set together."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from langneurons.figures.declaration import Declaration
from langneurons.tables import trained_languages
from langneurons.tables.language_groups import MEAN, NUMBERS, group_cells, language_names
from langneurons.tables.layout import Layout, join_comparisons, shorten

TABLE = Declaration(
    "Trained against other languages",
    per="comparisons",
    reads={"groups": "group_change"},
    name="table2",
    title="{dataset}, method {method}",
)


def make(groups: Sequence[str | Path]) -> pd.DataFrame:
    """Table 2 for several comparisons, one after another.

    Returns
    -------
    DataFrame
        The columns of `trained_languages.make` after ``before_model`` and ``after_model``.
    """
    return join_comparisons(groups, trained_languages.make)


def lay_out(table: pd.DataFrame, **_: object) -> Layout:
    """Put the models in front of the groups, and note what each model was trained on."""
    models = table["before_model"].map(shorten) + " → " + table["after_model"].map(shorten)
    cells = group_cells(table)
    cells.insert(0, "models", models)
    notes = [MEAN]
    for model, rows in table.groupby("after_model", sort=False):
        trained = rows.loc[rows["group"] == "trained", "languages"]
        codes = trained.iloc[0] if len(trained) else ""
        notes.append(f"{shorten(model)} was trained on {language_names(codes) or 'no language'}.")
    return Layout(notes, cells, ("models", "languages"), NUMBERS)
