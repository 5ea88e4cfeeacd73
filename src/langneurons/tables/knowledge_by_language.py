"""Which facts models know in which language, in numbers."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.languages import english_name
from langneurons.facts.schemas import KNOWLEDGE
from langneurons.figures.declaration import Declaration
from langneurons.tables.layout import Layout, accuracy, shorten

TABLE = Declaration(
    "Facts known by language", per="cloze", reads={"accuracies": "knowledge_accuracy of models"}
)

_ALL = "all"


def make(accuracies: Sequence[str | Path]) -> pd.DataFrame:
    """Knowledge accuracy of several models by relation and language.

    Returns
    -------
    DataFrame
        The columns of `KNOWLEDGE` after ``model``.
    """
    tables = []
    for path in accuracies:
        table = read_table(path, KNOWLEDGE)
        table.insert(0, "model", read_provenance(path)["name"])
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def lay_out(table: pd.DataFrame, **_: object) -> Layout:
    """Lay out one row per model and relation, and one column per language."""
    rows = []
    for (model, relation), part in table.groupby(["model", "relation"], sort=False, dropna=False):
        cells = {"model": shorten(model), "relation": _ALL if pd.isna(relation) else relation}
        for row in part.to_dict("records"):
            name = "mean" if pd.isna(row["language"]) else english_name(row["language"])
            cells[name] = accuracy(row["accuracy"])
            if name == "mean":
                cells["[95 %]"] = _interval(row["low"], row["high"])
                cells["in all phrasings"] = accuracy(row["in_all_phrasings"])
                cells["by token"] = accuracy(row["by_token"])
                cells["chance"] = accuracy(row["chance"])
                cells["facts"] = f"{row['facts']:,}"
        rows.append(cells)
    cells = pd.DataFrame(rows)
    notes = [
        "In %: share of prompts of which the right answer is the likeliest of its candidates, by "
        "the log probability of all its tokens; the mean over facts, each over its phrasings.",
        "Mean: over languages, with its 95 % interval over facts (of ten or more). In all "
        "phrasings: facts that are known in each. By token: likewise by the mean over tokens, "
        "which favours answers of many tokens as the sum does those of few. Chance: one over the "
        "number of candidates.",
    ]
    return Layout(notes, cells, ("model",), list(cells.columns[2:]))


def _interval(low: float, high: float) -> str:
    return "–" if pd.isna(low) else f"{accuracy(low)}, {accuracy(high)}"
