"""Table 1: accuracy of every model by language (METHOD 6)."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.languages import english_name
from langneurons.figures.declaration import Declaration
from langneurons.responses.accuracy import ACCURACY
from langneurons.tables.layout import Layout, accuracy, numbers, shorten

TABLE = Declaration(
    "Accuracy by language", per="dataset", reads={"accuracies": "accuracy of models"}, name="table1"
)

_MEAN = "mean"
_COUNTS = ["n", "number_right", "language_right", "wordless", "both"]


def make(accuracies: Sequence[str | Path]) -> pd.DataFrame:
    """Accuracy of several models by language.

    Returns
    -------
    DataFrame
        The columns of `langneurons.responses.accuracy.ACCURACY` after ``model``: one row per
        language, and one with ``language`` "mean": its counts are sums, its accuracy is the mean
        over languages, and it has no interval.
    """
    return pd.concat([_with_mean(path) for path in accuracies], ignore_index=True)


def lay_out(table: pd.DataFrame, **_: object) -> Layout:
    """Lay out one row per model and one column per language."""
    cells = pd.DataFrame(
        [
            {"model": shorten(model), **_model_cells(rows)}
            for model, rows in table.groupby("model", sort=False)
        ]
    )
    notes = [
        "Accuracy in %: share of responses with the right number in the right language, and its "
        "mean over languages. Number right, language right: the means of either alone. No words: "
        "the mean share of responses of numbers and formulas only, whose language is neither right "
        "nor wrong.",
        f"{numbers(table.loc[table['language'] != _MEAN, 'n'])} responses a model and language.",
    ]
    return Layout(notes, cells, (), list(cells.columns[1:]))


def _model_cells(rows: pd.DataFrame) -> dict[str, str]:
    """Cells of one model's rows, by column."""
    languages = rows[rows["language"] != _MEAN]
    accuracies = dict(
        zip(languages["language"].map(english_name), languages["accuracy"], strict=True)
    )
    means = {
        _MEAN: languages["accuracy"].mean(),
        "number right": (languages["number_right"] / languages["n"]).mean(),
        "language right": (languages["language_right"] / languages["n"]).mean(),
        "no words": (languages["wordless"] / languages["n"]).mean(),
    }
    return {name: accuracy(share) for name, share in {**accuracies, **means}.items()}


def _with_mean(path: str | Path) -> pd.DataFrame:
    table = read_table(path, ACCURACY)
    mean = {"language": _MEAN, **table[_COUNTS].sum(), "accuracy": table["accuracy"].mean()}
    table = pd.concat([table, pd.DataFrame([mean])], ignore_index=True)
    table.insert(0, "model", read_provenance(path)["model"])
    return table
