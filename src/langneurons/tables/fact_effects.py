"""What suppressing and enhancing a fact's neurons does, by language (METHOD 9)."""

from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.figures.declaration import Declaration
from langneurons.knowledge.schemas import FACT_EFFECTS
from langneurons.tables.layout import Layout, interval_cells, languages_or_mean

TABLE = Declaration(
    "A fact's neurons suppressed and enhanced", per="knowledge", reads={"effects": "fact_effects"}
)

_COLUMNS = {
    "own": "own answer",
    "others": "others' answers",
    "random": "own, random neurons",
    "own_less_others": "own less others'",
    "own_less_random": "own less random",
}


def make(effects: str | Path) -> pd.DataFrame:
    """Return the rows of `FACT_EFFECTS`."""
    return read_table(effects, FACT_EFFECTS)


def lay_out(table: pd.DataFrame, effects: str | Path) -> Layout:
    """Lay out one row per edit × language."""
    facts = read_provenance(effects)
    cells = pd.DataFrame(
        {
            "edit": table["edit"],
            "language": languages_or_mean(table["language"]),
            "facts": table["facts"].map("{:,}".format),
            "neurons": table["neurons"].map("{:.1f}".format),
            **{label: interval_cells(table, name, 2) for name, label in _COLUMNS.items()},
        }
    )
    notes = [
        "Changes of the answer's log probability in nats, with 95 % intervals over facts (of ten "
        "or more). Suppressed: set to the baseline, the mean activation over facts of the relation "
        "with another answer; enhanced: doubled; at the prompt's last token, and by neurons that "
        "were found on the fact's other phrasings. Mean: over the languages of each fact.",
        f"Others': answers of other facts of the relation. Random: as many neurons of the same "
        f"layers, {facts['parameters']['control_seeds']} draws.",
    ]
    return Layout(notes, cells, ("edit",), list(cells.columns[2:]))
