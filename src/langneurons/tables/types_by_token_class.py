"""How many neurons keep their type where letters of a language's own script are read or written."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from langneurons.activations.class_counts import INPUT, NEXT
from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.languages import english_name
from langneurons.corpora.scripts import shared_scripts
from langneurons.figures.declaration import Declaration
from langneurons.neurons.token_classes import TOKEN_CLASSES
from langneurons.tables.layout import Layout, percent

TABLE = Declaration(
    "Types of neurons on letters alone",
    per="run selection",
    reads={"types": "token_classes"},
    title="{model} on {dataset}, method {method}",
)

#: Position → how its columns begin.
_POSITIONS = {INPUT: "read", NEXT: "next"}


def make(types: str | Path) -> pd.DataFrame:
    """Return the table of `TOKEN_CLASSES`, the scripts of a language joined by spaces."""
    table = read_table(types, TOKEN_CLASSES)
    return table.assign(scripts=table["scripts"].map(" ".join, na_action="ignore"))


def lay_out(table: pd.DataFrame, types: str | Path) -> Layout:
    """Lay out one row per type, and per language and type, with both positions side by side."""
    inputs = table[table["position"] == INPUT]
    cells = pd.DataFrame(
        {
            "neurons of": [
                "all languages" if pd.isna(name) else f"{english_name(name)} ({name})"
                for name in inputs["language"]
            ],
            "type": inputs["type"],
            "all tokens": inputs["before"].map("{:,}".format),
        }
    )
    for position, name in _POSITIONS.items():
        rows = table[table["position"] == position]
        cells[f"letters {name}"] = rows["share"].map(percent).to_list()
        cells[f"n, {name}"] = ["–" if pd.isna(n) else f"{n:,.0f}" for n in rows["after"]]
        cells[f"kept, {name}"] = list(_shares(rows, "kept"))
        cells[f"at random, {name}"] = list(_shares(rows, "kept_at_random"))
    return Layout(list(_notes(table, types)), cells, ("neurons of",), list(cells.columns[2:]))


def _shares(rows: pd.DataFrame, column: str) -> Iterator[str]:
    """Write shares of the neurons that have the type over all tokens."""
    for kept, before in zip(rows[column], rows["before"], strict=True):
        yield percent(kept / before if before else float("nan"))


def _notes(table: pd.DataFrame, types: str | Path) -> Iterator[str]:
    yield (
        f"Method {read_provenance(types)['method']}. n: neurons that have the type if only those "
        "response tokens count where the token that is read, or the next one, is in letters of "
        "its language's own script (letters: their share); τ, λ and selection are found anew. "
        "Kept: of the neurons that have it over all tokens. At random: kept if as many random "
        "tokens of each language count. Of a language: neurons that are active for it."
    )
    own = table.dropna(subset="language").drop_duplicates("language")
    yield shared_scripts(dict(zip(own["language"], own["scripts"].str.split(), strict=True)))
    for position, reason in table.groupby("position")["reason"].first().dropna().items():
        yield f"{_POSITIONS[position].capitalize()}: nothing is typed, {reason}."
