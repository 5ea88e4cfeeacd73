"""How many neurons of a language two methods share, beside chance and each with itself."""

from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_table
from langneurons.comparison.methods import AGREEMENT
from langneurons.corpora.languages import english_name
from langneurons.figures.declaration import Declaration
from langneurons.figures.method_looks import method_name
from langneurons.tables.layout import Layout, percent

TABLE = Declaration("Overlap of methods", per="methods", reads={"agreement": "methods_agreement"})

_MEAN = "mean"


def make(agreement: str | Path) -> pd.DataFrame:
    """Return the table of `AGREEMENT`."""
    return read_table(agreement, AGREEMENT)


def lay_out(table: pd.DataFrame, **_: object) -> Layout:
    """Lay out one row per pair of methods × language."""
    cells = pd.DataFrame(
        {
            "method": table["first"].map(method_name),
            "and": [
                "its other half" if row.first == row.second else method_name(row.second)
                for row in table[["first", "second"]].itertuples(index=False)
            ],
            "language": [_MEAN if pd.isna(one) else english_name(one) for one in table["language"]],
            "neurons": table["n_first"].map("{:,}".format),
            "other's": table["n_second"].map("{:,}".format),
            "both": table["n_both"].map("{:,}".format),
            "of the smaller": table["overlap"].map(percent),
            "Jaccard": table["jaccard"].map(percent),
            "by chance [95 %]": [_chance(row) for row in table.itertuples()],
            "ceilings": [
                f"{percent(row.ceiling_first)}, {percent(row.ceiling_second)}"
                for row in table.itertuples()
            ],
        }
    )
    notes = [
        "Both: neurons of the language that both methods have; of the smaller: as a share of the "
        "smaller of the two. By chance: as many random neurons in each layer (hypergeometric).",
        "Its other half: a method on the even and on the odd folds of the texts. Ceilings: that "
        "overlap of either method. Means are over the languages of which both have neurons; "
        "numbers there are sums.",
    ]
    return Layout(notes, cells, ("method", "and"), list(cells.columns[3:]))


def _chance(row: object) -> str:
    expected, low, high = row.expected, row.expected_low, row.expected_high  # type: ignore[attr-defined]
    return f"{expected:.1f}" + ("" if pd.isna(low) else f" [{low:.0f}, {high:.0f}]")
