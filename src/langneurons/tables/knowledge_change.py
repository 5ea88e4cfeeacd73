"""How an alignment, and its controls, change which facts a model knows."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.facts.schemas import KNOWLEDGE_CHANGE
from langneurons.figures.declaration import Declaration
from langneurons.tables.layout import (
    MARK,
    Layout,
    accuracy,
    join_comparisons,
    language_or_group,
    models_and_controls,
    numbers,
    signed_interval,
)

TABLE = Declaration(
    "Change of known facts", per="cloze comparison", reads={"changes": "knowledge_change"}
)


def make(changes: Sequence[str | Path]) -> pd.DataFrame:
    """Knowledge accuracy before, after an alignment and its controls.

    Returns
    -------
    DataFrame
        The columns of `KNOWLEDGE_CHANGE` after ``before_model`` and ``after_model``: the comparison
        with the alignment, then with each control.
    """
    return join_comparisons(changes, lambda path: read_table(path, KNOWLEDGE_CHANGE))


def lay_out(table: pd.DataFrame, changes: Sequence[str | Path], **_: object) -> Layout:
    """Lay out one row per relation and language, its models and their changes in columns."""
    titles, names = models_and_controls([read_provenance(path) for path in changes])
    parts = [part.to_dict("records") for _, part in table.groupby("after_model", sort=False)]
    rows = []
    for same in zip(*parts, strict=True):
        relation = same[0]["relation"]
        cells = {
            "relation": "all" if pd.isna(relation) else relation,
            "language": language_or_group(same[0]),
            "before": accuracy(same[0]["before"]),
        }
        for title, row in zip(titles, same, strict=True):
            change, low, high = (100 * row[f"change{end}"] for end in ("", "_low", "_high"))
            cells[title] = accuracy(row["after"])
            cells[f"Δ {title} [95 %]"] = signed_interval(change, low, high)
        rows.append(cells)
    cells = pd.DataFrame(rows)
    notes = [
        names,
        "In %: share of prompts of which the right answer is the likeliest of its candidates, "
        f"mean over facts; chance: {accuracy(table['chance'].iloc[0])}. {MARK.strip()}: a "
        "language that the alignment trained on.",
        "Δ: change from the model before in percentage points, with its 95 % interval over facts "
        f"(paired; of ten or more). Facts: {numbers(table['facts'])}.",
    ]
    return Layout(notes, cells, ("relation",), list(cells.columns[2:]))
