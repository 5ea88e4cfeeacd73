"""Table 5: how alignment changes accuracy, in languages trained on and in others (METHOD 6)."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.comparison.accuracy import ACCURACY_CHANGE
from langneurons.corpora.languages import english_name
from langneurons.figures.declaration import Declaration
from langneurons.figures.style import signed
from langneurons.tables.layout import Layout, accuracy, join_comparisons, numbers, shorten

TABLE = Declaration(
    "Alignment and accuracy", per="dataset", reads={"changes": "accuracy_change"}, name="table5"
)

_GROUPS = ("trained", "other", "all")
#: Precedes the accuracy in a language trained on.
_MARK = "• "


def make(changes: Sequence[str | Path]) -> pd.DataFrame:
    """Accuracy before and after each of several alignments, in languages trained on and others.

    Returns
    -------
    DataFrame
        The columns of `langneurons.comparison.accuracy.ACCURACY_CHANGE` after ``before_model``,
        ``after_model`` and ``control``: which control the model after is, null if none. In the rows
        of a group, ``language`` is null.
    """
    return join_comparisons(changes, _with_control)


def lay_out(table: pd.DataFrame, **_: object) -> Layout:
    """Lay out one column per language or group; accuracy, its change and interval in rows."""
    rows, written = [], set()
    for (before, after), part in table.groupby(["before_model", "after_model"], sort=False):
        columns, control = _columns(part), part["control"].iloc[0]
        name = shorten(after) if pd.isna(control) else f"{shorten(after)} (control)"
        if before not in written:
            written.add(before)
            accuracies = {name: accuracy(row["before"]) for name, row in columns.items()}
            # Each alignment has its own groups of languages; the model before it has none.
            groups = {"trained": "", "other": ""}
            rows.append({"model": shorten(before), "": "accuracy", **accuracies, **groups})
        for what, write in _LINES.items():
            cells = {name: write(row) for name, row in columns.items()}
            rows.append({"model": name, "": what, **cells})
    cells = pd.DataFrame(rows).fillna("–")
    numeric = [*(name for name in cells.columns[2:] if name not in _GROUPS), *_GROUPS]
    cells = cells[["model", "", *numeric]]
    notes = [
        f"Accuracy in %: share of responses with the right number in the right language. "
        f"{_MARK.strip()}: a language that the alignment trained on. Trained, other, all: means "
        "over the languages trained on, the others, and all.",
        "Change: percentage points against the model before, with its 95 % interval (paired "
        "bootstrap over problems).",
        *_controls(table),
        f"{numbers(table.loc[table['language'].notna(), 'n'])} problems a language.",
    ]
    return Layout(notes, cells, ("model",), numeric)


def _with_control(path: str | Path) -> pd.DataFrame:
    table = read_table(path, ACCURACY_CHANGE)
    table.insert(0, "control", read_provenance(path)["control"])
    return table


def _controls(table: pd.DataFrame) -> list[str]:
    """Say what the controls are."""
    named = table.dropna(subset="control").drop_duplicates("after_model")
    kinds = [
        f"{shorten(row.after_model)} ({row.control.replace('_', ' ')})"
        for row in named.itertuples()
    ]
    if not kinds:
        return []
    return [f"Controls, trained alike but without what aligns: {', '.join(kinds)}."]


def _columns(part: pd.DataFrame) -> dict[str, pd.Series]:
    """Rows of one comparison, by the name of the column each is written in."""
    return {
        row["group"] if pd.isna(row["language"]) else english_name(row["language"]): row
        for _, row in part.iterrows()
    }


def _points(change: float) -> str:
    return "–" if pd.isna(change) else signed(100 * change, 1)


def _marked(row: pd.Series) -> str:
    trained = row["group"] == "trained" and pd.notna(row["language"])
    return f"{_MARK if trained else ''}{accuracy(row['after'])}"


def _interval(row: pd.Series) -> str:
    known = pd.notna(row["low"])
    return f"{_points(row['low'])}, {_points(row['high'])}" if known else "–"


#: The lines of a comparison: name → how a cell is written.
_LINES = {
    "accuracy": _marked,
    "change": lambda row: _points(row["change"]),
    "95 % interval": _interval,
}
