"""Whether an alignment aligned: partners found and losses, beside its controls (METHOD 11)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.languages import english_name
from langneurons.figures.declaration import Declaration
from langneurons.retrieval.schemas import FROM_PIVOT, RETRIEVAL, RETRIEVAL_CHANGE, TEXT, TO_PIVOT
from langneurons.tables.layout import (
    MARK,
    Layout,
    join_comparisons,
    language_or_group,
    models_and_controls,
    numbers,
    signed_interval,
)

TABLE = Declaration("Did it align", per="alignment check", reads={"changes": "retrieval_change"})


def make(changes: Sequence[str | Path]) -> pd.DataFrame:
    """Partners found (mean over layers) and losses: before, after an alignment and its controls.

    Returns
    -------
    DataFrame
        The columns of `RETRIEVAL_CHANGE` but for ``layer``, after ``before_model`` and
        ``after_model``: the comparison with the alignment, then with each control.
    """
    return join_comparisons(changes, _over_layers)


def lay_out(table: pd.DataFrame, changes: Sequence[str | Path], **_: object) -> Layout:
    """Lay out one row per measure and language, its models and their changes in columns."""
    facts = [read_provenance(path) for path in changes]
    titles, names = models_and_controls(facts)
    rows = []
    first, *others = (part for _, part in table.groupby("after_model", sort=False))
    for index, row in enumerate(first.to_dict("records")):
        write = _percent if row["measure"] == RETRIEVAL else _nats
        cells = {
            "measure": _measure(row["measure"], facts[0]["pivot"]),
            "language": language_or_group(row),
            "before": write(row["before"]),
        }
        same = [row, *(other.iloc[index].to_dict() for other in others)]
        for title, one in zip(titles, same, strict=True):
            cells[title] = write(one["after"])
            cells[f"Δ {title} [95 %]"] = _change(one)
        rows.append(cells)
    cells = pd.DataFrame(rows)
    by_language = first[first["language"].notna()]
    notes = [
        names,
        "Partners found: share of texts whose mean state is nearest, by cosine, to that of their "
        "own translation, mean over layers (embeddings included). Losses: nats a token, "
        f"mean over texts. {MARK.strip()}: a language that the alignment trained on.",
        "Δ: change from the model before, with its 95 % interval over texts (of ten or more).",
        "Texts a language: "
        + "; ".join(
            f"{_measure(measure, facts[0]['pivot'])}: {numbers(rows['n'])}"
            for measure, rows in by_language.groupby("measure", sort=False)
        )
        + ".",
    ]
    return Layout(notes, cells, ("measure",), list(cells.columns[2:]))


def _over_layers(path: str | Path) -> pd.DataFrame:
    table = read_table(path, RETRIEVAL_CHANGE)
    return table[table["layer"].isna()].drop(columns="layer")


def _measure(measure: str, pivot: str) -> str:
    return {
        RETRIEVAL: "partners found, %",
        TEXT: "loss of texts",
        TO_PIVOT: f"translation loss into {english_name(pivot)}",
        FROM_PIVOT: f"translation loss from {english_name(pivot)}",
    }[measure]


def _change(row: dict[str, Any]) -> str:
    scale, decimals = (100, 1) if row["measure"] == RETRIEVAL else (1, 2)
    change, low, high = (scale * row[name] for name in ("change", "change_low", "change_high"))
    return signed_interval(change, low, high, decimals)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _nats(loss: float) -> str:
    return f"{loss:.2f}"
