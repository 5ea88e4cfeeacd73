"""What the tables have in common: the layout for readers, names, shares, n."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from langneurons.artifacts.tables import read_provenance
from langneurons.corpora.languages import english_name
from langneurons.figures.style import signed

_LONGEST_NAME = 32
_UNKNOWN = "–"
#: Precedes a language that an alignment trained on.
MARK = "• "
#: Rows of groups of languages.
_GROUPS = {"trained": "all trained", "other": "all others"}


@dataclass(frozen=True)
class Layout:
    """What is written in a rendered table.

    Attributes
    ----------
    notes
        Lines below the table.
    cells
        The cells as strings, under their column names.
    keys
        Columns that name a group of rows.
    numeric
        Right-aligned columns.
    """

    notes: list[str]
    cells: pd.DataFrame
    keys: Sequence[str]
    numeric: Sequence[str]


def join_comparisons(
    paths: Sequence[str | Path], read: Callable[[str | Path], pd.DataFrame]
) -> pd.DataFrame:
    """Concatenate the tables of several comparisons, with the names of their models.

    Parameters
    ----------
    paths
        One artefact of each comparison.
    read
        Reads an artefact as a table; ``before_model`` and ``after_model`` go before its columns.
    """
    tables = []
    for path in paths:
        table, models = read(path), read_provenance(path)
        names = {f"{side}_model": models[side] for side in ("before", "after")}
        tables.append(table.assign(**names)[[*names, *table.columns]])
    return pd.concat(tables, ignore_index=True)


def models_and_controls(facts: Sequence[Mapping[str, Any]]) -> tuple[list[str], str]:
    """Return what the models after are called, and a sentence that names all.

    Parameters
    ----------
    facts
        ``before``, ``after`` and ``control`` of each comparison: with an alignment, then with each
        of its controls.
    """
    several = len(facts) > 2
    titles = ["after", *(f"control {i}" if several else "control" for i in range(1, len(facts)))]
    names = [
        f"{title}: {fact['after']}{_kind(fact['control'])}"
        for title, fact in zip(titles, facts, strict=True)
    ]
    return titles, f"Before: {facts[0]['before']}; {'; '.join(names)}."


def _kind(control: str | None) -> str:
    return "" if control is None else f" ({control.replace('_', ' ')})"


def language_or_group(row: Mapping[str, Any]) -> str:
    """Write a row's language, marked if the alignment trained on it, or its group of languages."""
    if pd.isna(row["language"]):
        return _GROUPS[row["group"]]
    return f"{MARK if row['group'] == 'trained' else ''}{english_name(row['language'])}"


def languages_or_mean(languages: pd.Series) -> pd.Series:
    """Write languages by name; null is the mean over them."""
    return languages.map(lambda name: "mean" if pd.isna(name) else english_name(name))


def shorten(name: str) -> str:
    """Cut the middle out of a long name of a model."""
    # The end of a model's name is as distinctive as its beginning.
    half = _LONGEST_NAME // 2
    return name if len(name) <= _LONGEST_NAME else f"{name[:half]}…{name[-half:]}"


def percent(share: float) -> str:
    """Write a share as a percentage, or a dash where it is unknown."""
    return _UNKNOWN if pd.isna(share) else f"{share:.1%}"


def accuracy(share: float) -> str:
    """Write an accuracy as a percentage without the sign, or a dash where it is unknown."""
    return _UNKNOWN if pd.isna(share) else f"{100 * share:.1f}"


def numbers(n: pd.Series) -> str:
    """Write the range of n: "n = 8" or "n = 0–20"."""
    spread = f"{n.min():,}" if n.min() == n.max() else f"{n.min():,}–{n.max():,}"
    return f"n = {spread}"


def interval_cells(table: pd.DataFrame, name: str, decimals: int = 1) -> list[str]:
    """Write a column and its interval, the columns ``name``, ``name_low`` and ``name_high``."""
    rows = zip(table[name], table[f"{name}_low"], table[f"{name}_high"], strict=True)
    return [signed_interval(value, low, high, decimals) for value, low, high in rows]


def signed_interval(value: float, low: float, high: float, decimals: int = 1) -> str:
    """Write a change and its 95 % interval: "+2.1 [+0.4, +3.8]"; without one, the change alone."""
    interval = f" [{signed(low, decimals)}, {signed(high, decimals)}]" if pd.notna(low) else ""
    return f"{signed(value, decimals)}{interval}"


def effect_cells(table: pd.DataFrame) -> dict[str, list[str]]:
    """Write the columns of `langneurons.interventions.schemas.EFFECTS`, a dash where unknown."""
    names = {
        "own": "itself",
        "others": "others",
        "random_own": "random",
        "own_less_others": "itself − others",
        "own_less_random": "itself − random",
    }
    found = {}
    for name, heading in names.items():
        ends = [table[f"{name}{end}"] for end in ("", "_low", "_high")]
        if name in ("others", "random_own"):  # their intervals are in the differences
            ends[1:] = [ends[0] * float("nan")] * 2
        found[heading] = [
            _UNKNOWN if pd.isna(value) else signed_interval(value, low, high, 3)
            for value, low, high in zip(*ends, strict=True)
        ]
    return found
