"""Published findings with their verdicts, one row each (METHOD 10)."""

from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_table
from langneurons.claims.verdicts import CLAIMS
from langneurons.figures.declaration import Declaration
from langneurons.tables.layout import Layout, signed_interval

TABLE = Declaration("Published findings", per="claims", reads={"claims": "claims"}, name="verdicts")


def make(claims: str | Path) -> pd.DataFrame:
    """Return the table of `CLAIMS`, one row a claim."""
    return read_table(claims, CLAIMS)


def lay_out(table: pd.DataFrame, **_: object) -> Layout:
    """Lay out one row a claim by its short name; the figure has the statements."""
    intervals = zip(table["estimate"], table["low"], table["high"], strict=True)
    cells = pd.DataFrame(
        {
            "about": table["group"],
            "claim": table["claim"].str.replace("_", " "),
            "estimate [95 %]": [
                "–" if pd.isna(row[0]) else signed_interval(*row, decimals=2) for row in intervals
            ],
            "margin": table["margin"].map(_number),
            "p, Holm": table["p_holm"].map(_number),
            "verdict": table["verdict"],
        }
    )
    notes = [
        "Estimates above 0 speak for a claim; of a claim that there is no effect, they are the "
        "effect. It counts from the margin on. p: two-sided, after Holm over all claims shown.",
    ]
    return Layout(notes, cells, ("about",), ["margin", "p, Holm"])


def _number(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.3g}"
