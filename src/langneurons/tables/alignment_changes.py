"""What alignments and their controls change: weights, and neurons of each type (METHOD 4, 11)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.comparison.changes import TOTALS
from langneurons.figures.declaration import Declaration
from langneurons.models.schema import read_card
from langneurons.phases.segmentation import TYPED
from langneurons.tables.layout import Layout, join_comparisons, shorten, signed_interval

TABLE = Declaration(
    "Alignments and their controls",
    per="alignments compared",
    reads={"totals": "total_change", "cards": "card of after"},
)

#: What is said of a model after that is no control.
ALIGNMENT = "alignment"


def make(totals: Sequence[str | Path], cards: Sequence[str | Path]) -> pd.DataFrame:
    """Neurons of each type before and after each alignment and each control.

    Returns
    -------
    DataFrame
        One row per model after × type: ``before_model``, ``after_model``, ``role`` (``alignment``
        or which control), ``update_norm`` (‖ΔW‖, Frobenius, over all weights that were trained),
        ``type``, ``before``, ``after``, ``change``, its interval and ``changed``, ``refitting``.
    """
    table = join_comparisons(totals, _of_types)
    norms = [float(read_card(card)["update_norm"]) for card in cards]
    table.insert(3, "update_norm", np.repeat(norms, len(TYPED)))
    return table


def lay_out(table: pd.DataFrame, **_: object) -> Layout:
    """Lay out one row per model, its types in columns, after the row of the model before."""
    rows = []
    for before, compared in table.groupby("before_model", sort=False):
        counts = compared.drop_duplicates("type").set_index("type")["before"]
        rows.append({"model": shorten(before), **{kind: f"{counts[kind]:,}" for kind in TYPED}})
        for after, part in compared.groupby("after_model", sort=False):
            one = part.set_index("type")
            rows.append(
                {
                    "model": shorten(after),
                    "role": part["role"].iloc[0],
                    "‖ΔW‖": f"{part['update_norm'].iloc[0]:.3g}",
                    **{kind: f"{one.loc[kind, 'after']:,}" for kind in TYPED},
                    **{f"Δ {kind} [95 %]": _change(one.loc[kind]) for kind in TYPED},
                }
            )
    numeric = ["‖ΔW‖", *TYPED, *(f"Δ {kind} [95 %]" for kind in TYPED)]
    cells = pd.DataFrame(rows, columns=["model", "role", *numeric]).fillna("")
    notes = [
        "Number of neurons of each type, and Δ: its difference from the model before, with its "
        "95 % interval over texts, where there are enough folds.",
        "A control is trained on the same texts for as many steps, without what aligns (shuffled: "
        "partners permuted; target only: no source; random labels). What it changes as much, the "
        "alignment does not explain.",
        "‖ΔW‖: Frobenius norm of the update of all weights together.",
    ]
    return Layout(notes, cells, ("model", "role"), numeric)


def _change(row: pd.Series) -> str:
    return signed_interval(row["change"], row["change_low"], row["change_high"], decimals=0)


def _of_types(path: str | Path) -> pd.DataFrame:
    """Read a comparison's totals of the typed neurons, with the model's role."""
    totals = read_table(path, TOTALS)
    table = totals[totals["type"].isin(TYPED)].reset_index(drop=True)
    control = read_provenance(path)["control"]
    role = ALIGNMENT if control is None else control.replace("_", " ")
    table.insert(0, "role", role)
    return table
