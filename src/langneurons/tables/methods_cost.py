"""What each method took: time, memory, and tokens read forwards and backwards."""

from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_table
from langneurons.comparison.cost import COST
from langneurons.figures.declaration import Declaration
from langneurons.figures.method_looks import method_name
from langneurons.tables.layout import Layout

TABLE = Declaration("Cost of methods", per="methods", reads={"cost": "methods_cost"})

_UNKNOWN = "–"


def make(cost: str | Path) -> pd.DataFrame:
    """Return the table of `COST`, the methods that share a pass separated by spaces."""
    table = read_table(cost, COST)
    whole = {name: table[name].astype("Int64") for name in ("forward_tokens", "backward_tokens")}
    return table.assign(shared_with=table["shared_with"].map(" ".join), **whole)


def lay_out(table: pd.DataFrame, **_: object) -> Layout:
    """Lay out one row per method."""
    cells = pd.DataFrame(
        {
            "method": table["method"].map(method_name),
            "statistic": table["statistic"].map(method_name),
            "time (s)": table["seconds"].map(_whole),
            "memory (MiB)": table["memory_mib"].map(_whole),
            "tokens forwards": table["forward_tokens"].map(_whole),
            "backwards": table["backward_tokens"].map(_whole),
            "shared with": [
                method_name(", ".join(names.split())) for names in table["shared_with"]
            ],
        }
    )
    notes = [
        "Jobs that run the model to collect what a method reads: wall-clock time (the sum over "
        "shares), most resident memory of one job, tokens. What follows takes seconds and runs no "
        "model. One pass serves the methods that share it: its cost is not theirs to add.",
        f"{_UNKNOWN}: a job was not timed, or did not say. Time and memory depend on the machine, "
        "and on what else it does.",
    ]
    numeric = ["time (s)", "memory (MiB)", "tokens forwards", "backwards"]
    return Layout(notes, cells, ("method",), numeric)


def _whole(number: float) -> str:
    return _UNKNOWN if pd.isna(number) else f"{number:,.0f}"
