"""What a change made for one language does to it and to the others, beside random controls.

In tables of NLL by cell, target and problem: a cell is made for a ``language``, a ``control_seed``
tells its random controls, and cells without a language leave the model as it is.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from langneurons.interventions.schemas import EFFECTS, TARGET_EFFECTS
from langneurons.uncertainty.resampling import with_interval


def effects_by_problem(problems: pd.DataFrame, cell: Sequence[str]) -> pd.DataFrame:
    """Return `EFFECTS` of each cell by problem: changes of NLL from the model as it is.

    Parameters
    ----------
    problems
        Rows with the columns of ``cell``, ``control_seed``, ``target``, ``problem`` and ``nll``.
    cell
        The columns that tell cells apart, ``language`` among them; the first one is null in the
        rows of the model as it is.
    """
    cells = _changed(problems, cell)
    cells["of"] = np.where(cells["target"] == cells["language"], "own", "others")
    cells.loc[cells["control_seed"].notna(), "of"] = "random_" + cells["of"]
    # Over the other languages, and over the seeds of controls.
    keys = [*cell, "problem"]
    table = cells.pivot_table("change", keys, "of", aggfunc="mean", sort=False, observed=True)
    table = table.reindex(columns=["own", "others", "random_own", "random_others"])
    table["own_less_others"] = table["own"] - table["others"]
    table["own_less_random"] = table["own"] - table["random_own"]
    return table.reset_index()


def effects_by_target(problems: pd.DataFrame, cell: Sequence[str]) -> pd.DataFrame:
    """Return `TARGET_EFFECTS` of each cell and target language, means over problems.

    Parameters
    ----------
    problems, cell
        As for `effects_by_problem`.
    """
    cells = _changed(problems, cell)
    cells["of"] = np.where(cells["control_seed"].isna(), "change", "random")
    keys = [*cell, "target", "problem"]
    table = cells.pivot_table("change", keys, "of", aggfunc="mean", sort=False, observed=True)
    table = table.reindex(columns=["change", "random"])
    table["less_random"] = table["change"] - table["random"]
    rows = [
        {**dict(zip([*cell, "target"], names, strict=True)), **means(given, TARGET_EFFECTS)}
        for names, given in table.groupby([*cell, "target"], sort=False)
    ]
    columns = [f"{name}{end}" for name in TARGET_EFFECTS for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=[*cell, "target", "problems", *columns])


def means(changes: pd.DataFrame, names: Sequence[str] = EFFECTS) -> dict[str, float]:
    """Return the mean of each change over problems with its interval, and how many these are.

    Intervals are Student's t, null with fewer than ten problems. ``problems`` are those that have
    the first of the changes.
    """
    found: dict[str, float] = {"problems": int(changes[names[0]].notna().sum())}
    for name in names:
        found |= with_interval(name, changes[name].dropna().to_numpy())
    return found


def _changed(problems: pd.DataFrame, cell: Sequence[str]) -> pd.DataFrame:
    """Return the rows of cells with their ``change`` from the model as it is."""
    none = problems[cell[0]].isna()
    before = problems[none].set_index(["target", "problem"])["nll"].rename("before")
    cells = problems[~none].join(before, on=["target", "problem"])
    cells["change"] = cells["nll"] - cells["before"]
    return cells
