"""What switching the neurons of a class off changes, with intervals over problems."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import inherited_provenance, read_table, write_table
from langneurons.sharing.classes import CLASSES
from langneurons.sharing.schemas import CLASS_CHANGES, CLASS_DEACTIVATION, SIZES
from langneurons.sharing.summary import draws_of
from langneurons.uncertainty.resampling import Units

#: Size, class and whether it is the control.
Set = tuple[str, str, bool]


def compare_class_deactivation(
    problems_path: str | Path,
    output: str | Path,
    languages: Sequence[str],
    uncertainty: Mapping[str, int],
) -> None:
    """Write `CLASS_CHANGES` of a table of `CLASS_DEACTIVATION`.

    Parameters
    ----------
    languages
        The K languages, in the order of the rows.
    uncertainty
        ``replicates`` and ``seed`` of the bootstrap over problems.
    """
    problems = read_table(problems_path, CLASS_DEACTIVATION)
    table = changes_of_classes(problems, languages, **uncertainty)
    facts = {**inherited_provenance(problems_path), "uncertainty": dict(uncertainty)}
    write_table(table, output, CLASS_CHANGES, facts)


def losses_of_classes(
    problems: pd.DataFrame, languages: Sequence[str]
) -> dict[Set, tuple[int, np.ndarray]]:
    """Return by how much the NLL of each problem in each language rises.

    Parameters
    ----------
    problems
        Rows of `CLASS_DEACTIVATION`. A problem that has no NLL in some language is left out.

    Returns
    -------
    dict
        Set → its number of neurons and (P, K), in nats per token, means over seeds.
    """
    nothing = problems[problems["size"].isna()].set_index(["problem", "target"])["nll"]
    found = {}
    sets = problems[problems["size"].notna()].groupby(["size", "class", "control"], sort=False)
    for (size, name, control), rows in sets:
        before = nothing.reindex(pd.MultiIndex.from_frame(rows[["problem", "target"]]))
        risen = rows.assign(risen=rows["nll"].to_numpy() - before.to_numpy())
        by_problem = risen.pivot_table("risen", "problem", "target", "mean", sort=False)
        values = by_problem.reindex(columns=languages).dropna().to_numpy(dtype=float)
        found[size, name, bool(control)] = (int(rows["neurons"].iloc[0]), values)
    return found


def changes_of_classes(
    problems: pd.DataFrame, languages: Sequence[str], replicates: int, seed: int
) -> pd.DataFrame:
    """Return the rows of `CLASS_CHANGES`."""
    losses = losses_of_classes(problems, languages)
    tables = []
    for size in SIZES:
        for name in CLASSES:
            for control in (False, True):
                if (size, name, control) not in losses:
                    continue
                number, risen = losses[size, name, control]
                beside = losses.get((size, name, True))
                less = None if control or beside is None else risen - beside[1]
                rows = _rows(risen, less, languages, replicates, seed)
                keys = {"size": size, "class": name, "control": control, "neurons": number}
                tables.append(rows.assign(**keys, problems=len(risen)))
    return pd.concat(tables, ignore_index=True)[CLASS_CHANGES.names]


def _rows(
    risen: np.ndarray,
    less: np.ndarray | None,
    languages: Sequence[str],
    replicates: int,
    seed: int,
) -> pd.DataFrame:
    """Return a row per language, then one of their mean, of numbers (P, K)."""
    table = pd.DataFrame({"target": [*languages, None]})
    for name, values in (("change", risen), ("less_control", less)):
        numbers = np.full((len(risen), len(languages)), np.nan) if values is None else values
        with_mean = np.concatenate([numbers, numbers.mean(axis=1, keepdims=True)], axis=1)
        drawn = draws_of(with_mean, replicates, seed)
        low, high = Units(len(risen), "problems").interval(drawn[0], drawn[1:])
        table[name], table[f"{name}_low"], table[f"{name}_high"] = drawn[0], low, high
    return table
