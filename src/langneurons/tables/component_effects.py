"""What a language's neurons do when they are off, by component and stage of the layers."""

from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.components.schemas import ALL, COMPONENT_EFFECTS
from langneurons.figures.component_names import COMPONENT_NAMES, STAGE_NAMES
from langneurons.figures.declaration import Declaration
from langneurons.tables.layout import Layout, effect_cells, languages_or_mean

TABLE = Declaration(
    "Neurons off by component and stage",
    per="component_deactivation",
    reads={"effects": "component_effects"},
)


def make(effects: str | Path) -> pd.DataFrame:
    """Return `COMPONENT_EFFECTS`."""
    return read_table(effects, COMPONENT_EFFECTS)


def lay_out(table: pd.DataFrame, effects: str | Path) -> Layout:
    """Lay out means over languages, and each language with its neurons in all layers off."""
    facts = read_provenance(effects)
    whole = (table["component"] == table["component"].iloc[0]) & (table["stage"] == ALL)
    shown = table[table["language"].isna() | whole]
    cells = pd.DataFrame(
        {
            "component": shown["component"].map(COMPONENT_NAMES),
            "layers": shown["stage"].map(STAGE_NAMES),
            "language": languages_or_mean(shown["language"]),
            "neurons": (shown["neurons"] / shown["languages"]).map("{:,.0f}".format),
            **effect_cells(shown),
        }
    )
    notes = [
        f"Changes of NLL in nats per token with a language's {facts['parameters']['set']} neurons "
        "off: of the language itself, and less the mean of the others or less what as many random "
        "neurons of the component in each layer do to it. 95\u00a0% intervals (t, paired over "
        f"problems; of ten or more). n = {table['problems'].max():,} problems a language.",
        "Mean: over the languages that have such neurons; so are numbers of neurons.",
    ]
    return Layout(notes, cells, ("component", "layers"), list(cells.columns[3:]))
