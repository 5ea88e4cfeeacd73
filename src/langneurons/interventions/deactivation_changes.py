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
from langneurons.neurons.sets import SPECIFIC_RANDOM
from langneurons.uncertainty.resampling import draw_weights, percentile_interval
from langneurons.uncertainty.tests import benjamini_hochberg, p_of_mean

#: The column of facts, which are units of their own.
_KNOWN = "known"
#: Measure → its column of the problems.
_MEASURES = {"log_perplexity": "nll", "accuracy": "right", "knowledge": _KNOWN}


def _with_interval(*names: str) -> str:
    return ", ".join(f"{name}{end} float64?" for name in names for end in ("", "_low", "_high"))


#: One row per measure (``log_perplexity``: log(1 + PPL); ``accuracy``, ``knowledge``: shares) × set
#: × control × deactivated × target language: the change relative to no neurons switched off, null
#: where nothing was measured, with its 95 % interval. ``control`` is the mean over the set's random
#: controls, which is all there is of `SPECIFIC_RANDOM`. ``p``, paired over problems (or facts), is
#: of the set changing as the controls drawn for the same deactivated language do, on that target:
#: each row of the map has its own null. ``p_adjusted`` is that among all cells of the set
#: (Benjamini–Hochberg). Both are null in rows of controls, and with too few problems.
CHANGES = artefact(
    "deactivation_changes",
    "measure string, set string, control bool, deactivated string, target string, "
    + _with_interval("change")
    + ", p float64?, p_adjusted float64?",
    version=2,
)

#: One row per measure × set × by × language; a null language is the mean over languages with
#: neurons. ``own`` is the change of a language by its own ``neurons`` switched off. ``others`` is,
#: by ``row``, the mean change of all other languages by these neurons; by ``column``, the mean
#: change of the language by the neurons of the others. ``control`` is the change of the language
#: itself under the random control, null by column; the columns after these subtract either from
#: ``own``. Intervals are 95 %.
DOMINANCE = artefact(
    "deactivation_dominance",
    "measure string, set string, by string, language string?, neurons int64, "
    + _with_interval("own", "others", "control", "own_less_others", "own_less_control")
    + ", problems int64",
    version=2,
)
#: Of the map of changes, deactivated × target: along a row, or along a column.
BY_ROW, BY_COLUMN = "row", "column"


@dataclass(frozen=True)
class Changes:
    """Changes of one measure under one set: the estimate at index 0, then R replicates.

    Attributes
    ----------
    own
        Array (1 + R, K, K): replicate, deactivated, target. NaN where nothing was measured.
    control
        The same, averaged over the random controls; NaN where there are none.
    p
        (K, K): of own equalling control, by a t test paired over problems; a row's controls are
        those drawn for its own language. NaN where there are none, or too few problems.
    """

    own: np.ndarray
    control: np.ndarray
    p: np.ndarray


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
            of_set, of_controls = (rows.assign(**keys) for rows in _change_rows(change, languages))
            if name == SPECIFIC_RANDOM:
                changes.append(of_controls)
                continue
            changes += [of_set, of_controls]
            rows = problems[(problems["set"] == name) & problems["control_seed"].isna()]
            neurons = rows.groupby("deactivated")["neurons"].first().reindex(languages)
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
        ``nll``, from which log(1 + PPL) is computed, ``right`` or, of facts, ``known``.
    languages
        The K languages.
    sets
        Names of sets.
    replicates, seed
        For the bootstrap over problems.
    """
    problems = problems[problems["is_fact"] == (column == _KNOWN)]
    K = len(languages)
    ids = pd.unique(problems["problem"])
    draws = draw_weights(np.ones(len(ids), dtype=bool), replicates, seed)
    weights = np.concatenate([np.ones((1, len(ids))), draws])  # (1 + R, problems)
    cells = problems.groupby(["set", "control_seed", "deactivated"], dropna=False, sort=False)
    seeds = sorted(problems["control_seed"].dropna().unique())
    values: dict[tuple[Any, ...], np.ndarray] = {}
    for (name, control_seed, language), rows in cells:
        key = (name, None if pd.isna(control_seed) else control_seed, language)
        numbers = rows.assign(**{column: rows[column].astype(float)})
        table = numbers.pivot_table(column, "target", "problem", aggfunc="first")
        table = table.reindex(index=languages, columns=ids)
        values[key if name != NONE else (NONE,)] = table.to_numpy(dtype=float)  # (K, problems)
    absent = np.full((K, len(ids)), np.nan)
    whole = _measure(values[(NONE,)], weights, column)  # (1 + R, K)

    def change(by_problem: np.ndarray) -> np.ndarray:
        means = [_measure(cell, weights, column) for cell in by_problem]
        return np.stack(means, axis=1) - whole[:, None]  # (1 + R, K, K)

    def changes(name: str) -> Changes:
        own, *controls = (
            np.stack([values.get((name, seed, language), absent) for language in languages])
            for seed in (None, *seeds)
        )  # (K, K, problems) each
        if not controls:
            controls = [np.full(own.shape, np.nan)]
        return Changes(
            own=change(own),
            control=np.mean([change(control) for control in controls], axis=0),
            # log(1 + PPL) rises with the mean NLL: where one is equal, so is the other.
            p=p_of_mean(own - np.mean(controls, axis=0)),
        )

    return {name: changes(name) for name in sets}


def dominance_of(change: Changes, languages: Sequence[str], neurons: np.ndarray) -> pd.DataFrame:
    """Return the rows of `DOMINANCE` for one set, without its measure, name and problems.

    Parameters
    ----------
    neurons
        Number of neurons of each language, (K,).
    """
    K = len(languages)
    own = np.diagonal(change.own, axis1=1, axis2=2)  # (1 + R, K)
    control = np.diagonal(change.control, axis1=1, axis2=2)
    in_row = (change.own.sum(axis=2) - own) / (K - 1)
    off_diagonal = np.where(np.eye(K, dtype=bool), np.nan, change.own)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the mean of nothing is NaN
        in_column = np.where(np.isnan(own), np.nan, np.nanmean(off_diagonal, axis=1))
    ways = [(BY_ROW, in_row, control), (BY_COLUMN, in_column, np.full(own.shape, np.nan))]
    tables = []
    for by, others, random in ways:
        columns = {
            "own": own,
            "others": others,
            "control": random,
            "own_less_others": own - others,
            "own_less_control": own - random,
        }
        tables.append(_dominance_rows(columns, languages, neurons).assign(by=by))
    return pd.concat(tables, ignore_index=True)


def _dominance_rows(
    columns: Mapping[str, np.ndarray], languages: Sequence[str], neurons: np.ndarray
) -> pd.DataFrame:
    """Return a row per language, and their mean, from columns of (1 + R, K) numbers."""
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
    untested = np.full(change.p.shape, np.nan)
    for control, values, p in ((False, change.own, change.p), (True, change.control, untested)):
        bounds = [bound.reshape(-1) for bound in _interval(values)]
        named = dict(zip(("change", "change_low", "change_high"), bounds, strict=True))
        named |= {"p": p.reshape(-1), "p_adjusted": benjamini_hochberg(p.reshape(-1))}
        tables.append(pd.DataFrame(named, index=pairs).reset_index().assign(control=control))
    return tables


def _joined(tables: Sequence[pd.DataFrame], schema: pa.Schema) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True)[schema.names]
