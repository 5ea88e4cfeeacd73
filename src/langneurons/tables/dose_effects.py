"""How much each of a language's first neurons does, and from how many on it is its own."""

from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.languages import english_name
from langneurons.figures.declaration import Declaration
from langneurons.figures.method_looks import method_name
from langneurons.figures.style import signed
from langneurons.interventions.schemas import DOSES
from langneurons.tables.layout import Layout

TABLE = Declaration("Effect of the first neurons", per="doses", reads={"doses": "doses"})

_UNKNOWN = "–"
_MEAN = "mean"
#: Changes per neuron are written in thousandths of a nat per token.
_MILLI = 1000


def make(doses: str | Path) -> pd.DataFrame:
    """Return `DOSES` with what each neuron does, and whether a language exceeds the others.

    ``own_per_neuron`` is the language's own change less that by random neurons, where there are
    any, over the number of neurons. ``exceeds``: ``own_less_others`` is at least the margin;
    ``surely``: the lower end of its interval is, false without one.
    """
    table, margin = read_table(doses, DOSES), read_provenance(doses)["margin"]
    effect = table["own_less_random"].fillna(table["own"])
    return table.assign(
        own_per_neuron=effect / table["neurons"],
        exceeds=table["own_less_others"] >= margin,
        surely=table["own_less_others_low"] >= margin,
    )


def lay_out(table: pd.DataFrame, doses: str | Path) -> Layout:
    """Lay out one row per method × language, a column per number of neurons."""
    facts = read_provenance(doses)
    sizes = sorted(table["size"].unique())
    rows = []
    for (method, language), group in table.groupby(
        ["method", "language"], sort=False, dropna=False
    ):
        by_size = group.set_index("size")
        rows.append(
            {
                "method": method_name(method),
                "language": _MEAN if pd.isna(language) else english_name(language),
                **{f"{size:,}": _per_neuron(by_size, size) for size in sizes},
                "own > others": _first(group, "exceeds"),
                "surely": _first(group, "surely"),
            }
        )
    random = " less that by as many random neurons" if facts["parameters"]["control_seeds"] else ""
    notes = [
        "By number of neurons switched off: change of the language's own NLL"
        f"{random}, per neuron, in thousandths of a nat per token. *: the language has fewer, and "
        f"all of them are off. n = {table['problems'].max():,} problems. Mean: over the languages "
        "of which all methods have so many.",
        "Own > others: the least number of those tried from which on a language's own NLL rises "
        f"{facts['margin']:g} nats per token more than the mean of the others; surely: so does the "
        "lower end of its 95\u00a0% interval (t, paired over problems; of ten or more).",
    ]
    cells = pd.DataFrame(rows)
    return Layout(notes, cells, ("method",), list(cells.columns[2:]))


def _per_neuron(by_size: pd.DataFrame, size: int) -> str:
    if size not in by_size.index:
        return _UNKNOWN
    row = by_size.loc[size]
    if pd.isna(row["own_per_neuron"]):
        return _UNKNOWN
    mark = "*" if row["neurons"] < size else ""
    return f"{signed(_MILLI * row['own_per_neuron'], 1)}{mark}"


def _first(group: pd.DataFrame, column: str) -> str:
    """Write the least number of neurons from which on something holds at each that was tried."""
    ordered = group.sort_values("size")
    held = ordered[column][::-1].cummin()[::-1]
    return f"{ordered.loc[held, 'neurons'].iloc[0]:,}" if held.any() else _UNKNOWN
