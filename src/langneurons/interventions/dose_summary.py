"""What the first neurons of a language do to it and to others, dose by dose (docs/methods.md)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.artifacts.shares import sort_rows
from langneurons.artifacts.tables import inherited_provenance, read_table, write_table
from langneurons.interventions.own_and_others import effects_by_problem, means
from langneurons.interventions.schemas import DOSE_PROBLEMS, DOSES, EFFECTS

#: What tells cells apart.
CELL = ["method", "language", "size"]


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
    write_table(sort_rows(table, CELL, orders), output, DOSES, facts)


def doses_of(problems: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `DOSES`, of each language and of the mean over languages."""
    given = effects_by_problem(problems, CELL)
    sizes = _sizes(problems)
    rows = []
    for (method, language, size), changes in given.groupby(CELL, sort=False):
        neurons = sizes[method, language, size]
        row = {"method": method, "language": language, "size": size, "neurons": neurons}
        rows.append({**row, "languages": 1, **means(changes)})
    whole = given[in_means(given, problems)]
    for (method, size), changes in whole.groupby(["method", "size"], sort=False):
        row = {"method": method, "language": None, "size": size, "neurons": size}
        mean = changes.groupby("problem")[list(EFFECTS)].mean()
        rows.append({**row, "languages": changes["language"].nunique(), **means(mean)})
    return pd.DataFrame(rows, columns=DOSES.names)


def _sizes(problems: pd.DataFrame) -> pd.Series:
    """Return how many neurons are switched off, by method, language and ``size``."""
    cells = problems[problems["method"].notna() & problems["control_seed"].isna()]
    return cells.groupby(CELL, sort=False)["neurons"].first()


def in_means(changes: pd.DataFrame, problems: pd.DataFrame) -> np.ndarray:
    """Return which rows of `effects_by_problem` are in the means over languages, boolean.

    At each size these are of the same languages for all methods that have so many neurons of any,
    those of which they all do: else the methods' means would not compare.
    """
    sizes = _sizes(problems)
    full = sizes[sizes == sizes.index.get_level_values("size")].reset_index()
    methods = full.groupby("size")["method"].nunique()
    shared = full.groupby(["size", "language"])["method"].nunique()
    shared = shared[shared == methods.reindex(shared.index.get_level_values("size")).to_numpy()]
    cells = pd.MultiIndex.from_frame(changes[CELL])
    common = pd.MultiIndex.from_frame(changes[["size", "language"]]).isin(shared.index)
    return cells.isin(pd.MultiIndex.from_frame(full[CELL])) & common
