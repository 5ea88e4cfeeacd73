"""What the first neurons of a language do to it and to others, dose by dose (docs/methods.md)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.artifacts.shares import sort_rows
from langneurons.artifacts.tables import inherited_provenance, read_table, write_table
from langneurons.interventions.own_and_others import effects_by_problem, means
from langneurons.interventions.schemas import DOSE_PROBLEMS, DOSES, EFFECTS

_CELL = ["method", "language", "size"]


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
    given = effects_by_problem(problems, _CELL)
    cells = problems[problems["method"].notna() & problems["control_seed"].isna()]
    sizes = cells.groupby(_CELL, sort=False)["neurons"].first()
    rows = []
    for (method, language, size), changes in given.groupby(_CELL, sort=False):
        neurons = sizes[method, language, size]
        row = {"method": method, "language": language, "size": size, "neurons": neurons}
        rows.append({**row, "languages": 1, **means(changes)})
    whole = given[_in_means(given, sizes)]
    for (method, size), changes in whole.groupby(["method", "size"], sort=False):
        row = {"method": method, "language": None, "size": size, "neurons": size}
        mean = changes.groupby("problem")[list(EFFECTS)].mean()
        rows.append({**row, "languages": changes["language"].nunique(), **means(mean)})
    return pd.DataFrame(rows, columns=DOSES.names)


def _in_means(given: pd.DataFrame, sizes: pd.Series) -> np.ndarray:
    """Return which rows of changes are in the means over languages, boolean.

    At each size these are of the same languages for all methods that have so many neurons of any,
    those of which they all do: else the methods' means would not compare.
    """
    full = sizes[sizes == sizes.index.get_level_values("size")].reset_index()
    methods = full.groupby("size")["method"].nunique()
    shared = full.groupby(["size", "language"])["method"].nunique()
    shared = shared[shared == methods.reindex(shared.index.get_level_values("size")).to_numpy()]
    cells = pd.MultiIndex.from_frame(given[_CELL])
    common = pd.MultiIndex.from_frame(given[["size", "language"]]).isin(shared.index)
    return cells.isin(pd.MultiIndex.from_frame(full[_CELL])) & common
