"""What training only a language's neurons does to it and to others."""

from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.components.schemas import ENHANCEMENT
from langneurons.figures.declaration import Declaration
from langneurons.tables.layout import Layout, effect_cells, languages_or_mean

TABLE = Declaration(
    "A language's neurons trained alone", per="enhancement", reads={"effects": "enhancement"}
)


def make(effects: str | Path) -> pd.DataFrame:
    """Return `ENHANCEMENT`."""
    return read_table(effects, ENHANCEMENT)


def lay_out(table: pd.DataFrame, effects: str | Path) -> Layout:
    """Lay out one row per language, and their mean."""
    parameters = read_provenance(effects)["parameters"]
    training = parameters["training"]
    cells = pd.DataFrame(
        {
            "trained on": languages_or_mean(table["language"]),
            "neurons": (table["neurons"] / table["languages"]).map("{:,.0f}".format),
            "tokens": (table["tokens"] / table["languages"]).map("{:,.0f}".format),
            **effect_cells(table),
        }
    )
    notes = [
        "Changes of NLL in nats per token after training (below 0: better): of the language "
        "itself, and less the mean of the others or less the change by as many random neurons in "
        "each layer, trained on the same texts. 95\u00a0% intervals (t, paired over problems; of "
        "ten or more).",
        f"n = {table['problems'].max():,} problems a language, none of them trained on. "
        f"Trained: {training['steps']} steps of {training['batch']} texts, learning rate "
        f"{training['learning_rate']:g}.",
    ]
    return Layout(notes, cells, ("trained on",), list(cells.columns[1:]))
