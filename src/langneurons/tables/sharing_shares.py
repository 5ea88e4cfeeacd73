"""Which share of neurons languages share in an example, over all layers (METHOD 9)."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.figures.declaration import Declaration
from langneurons.figures.sharing_parts import where_read
from langneurons.sharing.schemas import SHARING_LAYERS
from langneurons.tables.layout import Layout, signed_interval

TABLE = Declaration(
    "Neurons that languages share", per="sharing", reads={"layers": "sharing_layers"}
)


def make(layers: Sequence[str | Path]) -> pd.DataFrame:
    """Return the rows of `SHARING_LAYERS` over all layers, of each data set."""
    tables = []
    for path in layers:
        table = read_table(path, SHARING_LAYERS)
        table = table[table["layer"].isna()].drop(columns="layer")
        table.insert(0, "dataset", read_provenance(path)["dataset"])
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def lay_out(table: pd.DataFrame, layers: Sequence[str | Path]) -> Layout:
    """Lay out one row per data set × class."""
    facts = [read_provenance(path) for path in layers]
    cells = pd.DataFrame(
        {
            "data set": table["dataset"],
            "class": table["class"],
            "neurons, %": _shares(table, "share"),
            "contribution, %": _shares(table, "contribution"),
            "effective score": [
                "–" if pd.isna(value) else signed_interval(value, low, high, 2)
                for value, low, high in zip(
                    *(table[f"effective{end}"] for end in ("", "_low", "_high")), strict=True
                )
            ],
            "n": table["problems"].map("{:,}".format),
        }
    )
    notes = [
        f"All-shared: active in all {len(facts[0]['languages'])} languages of a parallel example; "
        "partial-shared: in several; specific: in one; non-activated: in none; "
        f"{where_read(facts)}. Means over n parallel examples, with their 95 % intervals (of ten "
        "or more).",
        "Contribution: share of Σ |m|·‖W_down‖. Effective score: what the neurons of the class add "
        "together to the logit of the answer's first token (of texts, of the token that the model "
        "finds likeliest) by their direct path, norms held at their scale; mean over languages.",
    ]
    return Layout(notes, cells, ("data set",), list(cells.columns[2:]))


def _shares(table: pd.DataFrame, name: str) -> list[str]:
    rows = zip(*(100 * table[f"{name}{end}"] for end in ("", "_low", "_high")), strict=True)
    return [
        f"{value:.1f}" + ("" if pd.isna(low) else f" [{max(low, 0):.1f}, {high:.1f}]")
        for value, low, high in rows
    ]
