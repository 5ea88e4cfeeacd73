"""What the first neurons of a language do to it and to others, dose by dose (docs/methods.md)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.artifacts.shares import sort_rows
from langneurons.artifacts.tables import inherited_provenance, read_table, write_table
from langneurons.interventions.schemas import DOSE_PROBLEMS, DOSES
from langneurons.uncertainty.resampling import FEWEST_UNITS, mean_interval

_CELL = ["method", "language", "size"]
_CHANGES = (
    *("own", "others", "own_less_others"),
    *("random_own", "random_others", "own_less_random"),
)


def summarise_doses(
    problems_path: str | Path,
    output: str | Path,
    methods: Sequence[str],
    languages: Sequence[str],
    margin: float,
) -> None:
    """Write the `DOSES` table of a `DOSE_PROBLEMS` table.

    Parameters
    ----------
    methods, languages
        The order of the rows.
    margin
        From which difference on a language's own change exceeds that of others; for the provenance.
    """
    table = doses_of(read_table(problems_path, DOSE_PROBLEMS))
    orders = {"method": methods, "language": languages}
    facts = {**inherited_provenance(problems_path), "margin": margin}
    write_table(sort_rows(table, _CELL, orders), output, DOSES, facts)


def doses_of(problems: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `DOSES`, of each language and of the mean over languages."""
    given = changes_by_problem(problems)
    sizes = _sizes(problems)
    rows = []
    for (method, language, size), changes in given.groupby(_CELL, sort=False):
        neurons = sizes[method, language, size]
        row = {"method": method, "language": language, "size": size, "neurons": neurons}
        rows.append({**row, "languages": 1, **_means(changes)})
    whole = given[in_means(given, problems)]
    for (method, size), changes in whole.groupby(["method", "size"], sort=False):
        row = {"method": method, "language": None, "size": size, "neurons": size}
        means = _means(changes.groupby("problem")[list(_CHANGES)].mean())
        rows.append({**row, "languages": changes["language"].nunique(), **means})
    return pd.DataFrame(rows, columns=DOSES.names)


def _sizes(problems: pd.DataFrame) -> pd.Series:
    """Return how many neurons are switched off, by method, language and ``size``."""
    cells = problems[problems["method"].notna() & problems["control_seed"].isna()]
    return cells.groupby(_CELL, sort=False)["neurons"].first()


def in_means(changes: pd.DataFrame, problems: pd.DataFrame) -> np.ndarray:
    """Return which rows of the `changes_by_problem` are in the means over languages, boolean.

    At each size these are of the same languages for all methods that have so many neurons of any,
    those of which they all do: else the methods' means would not compare.
    """
    sizes = _sizes(problems)
    full = sizes[sizes == sizes.index.get_level_values("size")].reset_index()
    methods = full.groupby("size")["method"].nunique()
    shared = full.groupby(["size", "language"])["method"].nunique()
    shared = shared[shared == methods.reindex(shared.index.get_level_values("size")).to_numpy()]
    cells = pd.MultiIndex.from_frame(changes[_CELL])
    common = pd.MultiIndex.from_frame(changes[["size", "language"]]).isin(shared.index)
    return cells.isin(pd.MultiIndex.from_frame(full[_CELL])) & common


def changes_by_problem(problems: pd.DataFrame) -> pd.DataFrame:
    """Return the changes of `DOSES` by problem, of each cell (method × language × size)."""
    none = problems["method"].isna()
    before = problems[none].set_index(["target", "problem"])["nll"].rename("before")
    cells = problems[~none].join(before, on=["target", "problem"])
    cells["change"] = cells["nll"] - cells["before"]
    cells["of"] = np.where(cells["target"] == cells["language"], "own", "others")
    cells.loc[cells["control_seed"].notna(), "of"] = "random_" + cells["of"]
    # Over the other languages, and over the seeds of controls.
    keys = [*_CELL, "problem"]
    table = cells.pivot_table("change", keys, "of", aggfunc="mean", sort=False, observed=True)
    table = table.reindex(columns=["own", "others", "random_own", "random_others"])
    table["own_less_others"] = table["own"] - table["others"]
    table["own_less_random"] = table["own"] - table["random_own"]
    return table.reset_index()


def _means(changes: pd.DataFrame) -> dict[str, float]:
    """Return the mean of each change over problems with its interval, and how many these are."""
    found: dict[str, float] = {"problems": int(changes["own"].notna().sum())}
    for name in _CHANGES:
        values = changes[name].dropna().to_numpy()
        found[name] = values.mean() if len(values) else np.nan
        low, high = mean_interval(values, fewest=FEWEST_UNITS) if len(values) else (np.nan, np.nan)
        found[f"{name}_low"], found[f"{name}_high"] = float(low), float(high)
    return found
