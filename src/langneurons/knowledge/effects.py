"""What suppressing and enhancing facts' neurons does, with intervals over facts (METHOD 9, 10)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from langneurons.artifacts.tables import inherited_provenance, read_table, write_table
from langneurons.knowledge.schemas import EDITS, FACT_EDITS, FACT_EFFECTS
from langneurons.uncertainty.resampling import with_interval

_MEASURES = ("own", "others", "random", "own_less_others", "own_less_random")


def summarise_fact_edits(
    edits_path: str | Path, output: str | Path, languages: Sequence[str]
) -> None:
    """Write `FACT_EFFECTS` of a table of `FACT_EDITS`; rows in the order of the languages."""
    table = effects_of(read_table(edits_path, FACT_EDITS), languages)
    write_table(table, output, FACT_EFFECTS, inherited_provenance(edits_path))


def effects_of(edits: pd.DataFrame, languages: Sequence[str]) -> pd.DataFrame:
    """Return the rows of `FACT_EFFECTS`: of each language, then of the mean over languages.

    The unit is the fact. Where it has no other fact to compare with, it is left out of means of
    others, not of the rest.
    """
    table = edits.assign(
        own_less_others=edits["own"] - edits["others"],
        own_less_random=edits["own"] - edits["random"],
    )
    numbers = ["neurons", "before", *_MEASURES]
    by_fact = table.groupby(["edit", "language", "fact"], sort=False)[numbers].mean().reset_index()
    rows = []
    for edit in EDITS:
        of_edit = by_fact[by_fact["edit"] == edit]
        sets: dict[str | None, pd.DataFrame] = {
            name: of_edit[of_edit["language"] == name] for name in languages
        }
        sets |= {None: of_edit.groupby("fact", sort=False)[numbers].mean()}
        rows += [_row(edit, name, facts) for name, facts in sets.items() if len(facts)]
    return pd.DataFrame(rows, columns=FACT_EFFECTS.names)


def _row(edit: str, language: str | None, facts: pd.DataFrame) -> dict[str, Any]:
    row: dict[str, Any] = {"edit": edit, "language": language, "facts": len(facts)}
    row |= {name: facts[name].mean() for name in ("neurons", "before")}
    for name in _MEASURES:
        row |= with_interval(name, facts[name].dropna().to_numpy())
    return row
