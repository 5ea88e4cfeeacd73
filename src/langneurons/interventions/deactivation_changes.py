"""What switching neurons off changes, with intervals, and whether a language's own neurons matter.

Every change is paired: the same problems with and without the neurons. The bootstrap resamples
problems, the same ones in all cells and languages, so differences of changes have intervals too.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from langneurons.artifacts.atomic import atomic_path
from langneurons.artifacts.tables import (
    artefact,
    inherited_provenance,
    read_table,
    write_table,
)
from langneurons.interventions.schemas import DEACTIVATION_PROBLEMS, NONE
from langneurons.uncertainty.resampling import draw_weights, percentile_interval

#: Measure → its column of the problems.
_MEASURES = {"log_perplexity": "nll", "accuracy": "right"}


def _with_interval(*names: str) -> str:
    return ", ".join(f"{name}{end} float64?" for name in names for end in ("", "_low", "_high"))


#: One row per measure (``log_perplexity``: log(1 + PPL); ``accuracy``: a share) × set × control ×
#: deactivated × target language: the change relative to no neurons switched off, null where nothing
#: was measured, with its 95 % interval. ``control`` is the mean over the set's random controls.
CHANGES = artefact(
    "deactivation_changes",
    "measure string, set string, control bool, deactivated string, target string, "
    + _with_interval("change"),
)

#: One row per measure × set × language; a null language is the mean over languages with neurons.
#: ``own`` is the change of the language whose ``neurons`` are switched off, ``others`` the mean
#: change of all other languages, ``control`` the change of the language itself under the random
#: control; the columns after these subtract either from ``own``. Intervals are 95 %.
DOMINANCE = artefact(
    "deactivation_dominance",
    "measure string, set string, language string?, neurons int64, "
    + _with_interval("own", "others", "control", "own_less_others", "own_less_control")
    + ", problems int64",
)


@dataclass(frozen=True)
class Changes:
    """Changes of one measure under one set: the estimate at index 0, then R replicates.

    Attributes
    ----------
    own
        Array (1 + R, K, K): replicate, deactivated, target. NaN where nothing was measured.
    control
        The same, averaged over the random controls; NaN where there are none.
    """

    own: np.ndarray
    control: np.ndarray


def write_changes(
    problems_path: str | Path,
    outputs: Mapping[str, str | Path],
    languages: Sequence[str],
    sets: Sequence[str],
    uncertainty: Mapping[str, Any],
) -> None:
    """Write `CHANGES` and `DOMINANCE` of a deactivation.

    Parameters
    ----------
    problems_path
        A table of `DEACTIVATION_PROBLEMS`.
    outputs
        Paths under the keys changes, dominance and csv (the rows of dominance).
    languages, sets
        The order of the rows.
    uncertainty
        ``replicates`` and ``seed`` of the bootstrap; with no replicates, intervals are null.
    """
    problems = read_table(problems_path, DEACTIVATION_PROBLEMS)
    measured = {
        name: column for name, column in _MEASURES.items() if problems[column].notna().any()
    }
    changes, dominance = [], []
    for measure, column in measured.items():
        found = changes_of(problems, column, languages, sets, **uncertainty)
        for name, change in found.items():
            keys = {"measure": measure, "set": name}
            rows = problems[(problems["set"] == name) & problems["control_seed"].isna()]
            neurons = rows.groupby("deactivated")["neurons"].first().reindex(languages)
            changes += [table.assign(**keys) for table in _change_rows(change, languages)]
            table = dominance_of(change, languages, neurons.to_numpy())
            count = problems.loc[problems[column].notna(), "problem"].nunique()
            dominance.append(table.assign(**keys, problems=count))
    facts = {**inherited_provenance(problems_path), "uncertainty": dict(uncertainty)}
    table = _joined(dominance, DOMINANCE)
    with atomic_path(outputs["csv"]) as path:
        table.to_csv(path, index=False, float_format="%.4g")
    write_table(table, outputs["dominance"], DOMINANCE, facts)
    write_table(_joined(changes, CHANGES), outputs["changes"], CHANGES, facts)


def changes_of(
    problems: pd.DataFrame,
    column: str,
    languages: Sequence[str],
    sets: Sequence[str],
    replicates: int,
    seed: int,
) -> dict[str, Changes]:
    """Return the changes of a measure under each set and its random controls.

    Parameters
    ----------
    problems
        Rows of `DEACTIVATION_PROBLEMS`.
    column
        ``nll``, from which log(1 + PPL) is computed, or ``right``.
    languages
        The K languages.
    sets
        Names of sets.
    replicates, seed
        For the bootstrap over problems.
    """
    K = len(languages)
    ids = pd.unique(problems["problem"])
    draws = draw_weights(np.ones(len(ids), dtype=bool), replicates, seed)
    weights = np.concatenate([np.ones((1, len(ids))), draws])  # (1 + R, problems)
    cells = problems.groupby(["set", "control_seed", "deactivated"], dropna=False, sort=False)
    seeds = sorted(problems["control_seed"].dropna().unique())
    means: dict[tuple[Any, ...], np.ndarray] = {}
    for (name, control_seed, language), rows in cells:
        key = (name, None if pd.isna(control_seed) else control_seed, language)
        numbers = rows.assign(**{column: rows[column].astype(float)})
        table = numbers.pivot_table(column, "target", "problem", aggfunc="first")
        values = table.reindex(index=languages, columns=ids).to_numpy(dtype=float)
        means[key if name != NONE else (NONE,)] = _measure(values, weights, column)
    whole = means[(NONE,)]  # (1 + R, K)

    def change(name: str, control_seed: Any) -> np.ndarray:
        absent = np.full((len(weights), K), np.nan)
        rows = [means.get((name, control_seed, language), absent) for language in languages]
        return np.stack(rows, axis=1) - whole[:, None]  # (1 + R, K, K)

    absent = np.full((len(weights), K, K), np.nan)
    return {
        name: Changes(
            own=change(name, None),
            control=np.mean([change(name, s) for s in seeds], axis=0) if seeds else absent,
        )
        for name in sets
    }


def dominance_of(change: Changes, languages: Sequence[str], neurons: np.ndarray) -> pd.DataFrame:
    """Return the rows of `DOMINANCE` for one set, without its measure, name and problems.

    Parameters
    ----------
    neurons
        Number of neurons of each language, (K,).
    """
    K = len(languages)
    own = np.diagonal(change.own, axis1=1, axis2=2)  # (1 + R, K)
    others = (change.own.sum(axis=2) - own) / (K - 1)
    control = np.diagonal(change.control, axis1=1, axis2=2)
    columns = {
        "own": own,
        "others": others,
        "control": control,
        "own_less_others": own - others,
        "own_less_control": own - control,
    }
    table = pd.DataFrame({"language": list(languages), "neurons": neurons})
    mean = pd.DataFrame({"language": [None], "neurons": [int(neurons.sum())]})
    for name, values in columns.items():
        for end, by_language in zip(("", "_low", "_high"), _interval(values), strict=True):
            table[f"{name}{end}"] = by_language
        present = values[:, ~np.isnan(values[0])]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # the mean of nothing is NaN
            overall = _interval(present.mean(axis=1))
        for end, value in zip(("", "_low", "_high"), overall, strict=True):
            mean[f"{name}{end}"] = value
    return pd.concat([table, mean], ignore_index=True)


def _measure(values: np.ndarray, weights: np.ndarray, column: str) -> np.ndarray:
    """Return the weighted mean over problems, (K, problems) → (1 + R, K); NLL as log(1 + PPL)."""
    known = ~np.isnan(values)
    counts = weights @ known.T
    sums = weights @ np.where(known, values, 0).T
    means = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    if column != "nll":
        return means
    with np.errstate(invalid="ignore"):  # NaN stays NaN
        # log(1 + exp(NLL)), even where the perplexity overflows a float64.
        return np.logaddexp(0, means)


def _interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the value at index 0 and the bounds of its 95 % interval over the replicates."""
    return values[0], *percentile_interval(values[1:])


def _change_rows(change: Changes, languages: Sequence[str]) -> list[pd.DataFrame]:
    pairs = pd.MultiIndex.from_product([languages, languages], names=["deactivated", "target"])
    tables = []
    for control, values in ((False, change.own), (True, change.control)):
        bounds = [bound.reshape(-1) for bound in _interval(values)]
        named = dict(zip(("change", "change_low", "change_high"), bounds, strict=True))
        tables.append(pd.DataFrame(named, index=pairs).reset_index().assign(control=control))
    return tables


def _joined(tables: Sequence[pd.DataFrame], schema: pa.Schema) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True)[schema.names]
