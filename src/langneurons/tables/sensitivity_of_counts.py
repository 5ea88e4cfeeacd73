"""Numbers of neurons under other settings, one varied at a time (METHOD 2)."""

from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.figures.declaration import Declaration
from langneurons.neurons.sensitivity import SENSITIVITY
from langneurons.tables.layout import Layout

TABLE = Declaration(
    "Neurons by setting", per="varied selection", reads={"sensitivity": "sensitivity"}
)

_COUNTS = {
    "specific": "specific",
    "related": "related",
    "general": "general",
    "selected": "selected",
    "belonging": "of a language",
}
#: Precedes the value that is configured.
_MARK = "• "


def make(sensitivity: str | Path) -> pd.DataFrame:
    """Return the table of `SENSITIVITY`, one row per setting and value."""
    return read_table(sensitivity, SENSITIVITY)


def lay_out(table: pd.DataFrame, sensitivity: str | Path) -> Layout:
    """Lay out one row per setting and value, with τ, λ and the numbers of neurons."""
    cells = pd.DataFrame(
        {
            "setting": table["parameter"],
            "value": [
                f"{_MARK if row.configured else ''}{_number(row.value, 'auto')}"
                for row in table.itertuples()
            ],
            "τ": table["threshold"].map(_number),
            "λ": [
                "no bound" if row["lambda_unbounded"] else _number(row["lambda"])
                for row in table.to_dict("records")
            ],
            **{title: table[name].map("{:,}".format) for name, title in _COUNTS.items()},
        }
    )
    notes = [
        f"Method {read_provenance(sensitivity)['method']}. One setting is varied at a time; the "
        f"others stay as configured ({_MARK.strip()}), and auto searches anew.",
        "Of a language: selected neurons with p > τ for at least one.",
    ]
    return Layout(notes, cells, ("setting",), list(cells.columns[1:]))


def _number(value: float, unknown: str = "–") -> str:
    return unknown if pd.isna(value) else f"{value:.4g}"
