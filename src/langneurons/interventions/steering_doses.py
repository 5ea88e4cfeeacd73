"""How far each mode steers at each factor, over all pairs, and a mode's best factor (METHOD 6).

The best factor is chosen on one half of the problems, so that its numbers on the other half owe
nothing to the choice.
"""

import warnings

import numpy as np
import pandas as pd

from langneurons.artifacts.shares import sort_rows
from langneurons.interventions.schemas import (
    HALVES,
    INTERVENTIONS,
    MODES,
    STEERED,
    STEERING_DOSES,
)
from langneurons.uncertainty.resampling import draw_weights, percentile_interval

_MEASURES = ("in_target", "nll", "repetition")
_DOSE = ["intervention", "mode", "factor"]


def doses_of(
    problems: pd.DataFrame, max_repetition: float, replicates: int, seed: int
) -> pd.DataFrame:
    """Return the `STEERING_DOSES` table of a `STEERING_PROBLEMS` table.

    Parameters
    ----------
    problems
        The answers.
    max_repetition
        The best factor's ``repetition`` on the first half of the problems is below this.
    replicates, seed
        For the bootstrap over problems; with no replicates there are no intervals.

    Notes
    -----
    A problem is in the same half in all languages: the first, if it is among the first half of its
    language's problems, on average over languages. Pairs that were not measured are left out.
    """
    answers = answers_by_pair(problems)
    places = places_of(problems)
    parts = dict(zip(HALVES, (places >= 0, places < 0.5, places >= 0.5), strict=True))
    rows = []
    for half, within in parts.items():
        units = places.index[within]
        if units.empty:
            continue
        weights = draw_weights(np.ones(len(units), bool), replicates, seed)
        for dose, given in answers.groupby(_DOSE, sort=False, dropna=False):
            row = {**dict(zip(_DOSE, dose, strict=True)), "half": half, "problems": len(units)}
            row["pairs"] = given["pair"].nunique()
            rows.append(row | _means(given, units, weights))
    table = pd.DataFrame(rows, columns=[*STEERING_DOSES.names])
    table["mode"] = table["mode"].astype(object).where(table["mode"].notna(), None)
    table["chosen"] = _chosen(table, max_repetition)
    orders = {"intervention": INTERVENTIONS, "mode": MODES, "half": HALVES}
    return sort_rows(table, [*_DOSE, "half"], orders)


def answers_by_pair(problems: pd.DataFrame) -> pd.DataFrame:
    """Return the measured answers with their ``pair``, and whether they are ``in_target`` (0 or 1).

    Those without an intervention are there for each pair.
    """
    measured = problems[problems["response"].notna()]
    changed = measured[measured["target"].notna()]
    pairs = changed[["source", "target"]].drop_duplicates()
    none = measured[measured["target"].isna()].drop(columns="target").merge(pairs, on="source")
    answers = pd.concat([none, changed], ignore_index=True)
    return answers.assign(
        pair=answers["source"] + " " + answers["target"],
        in_target=(answers["response_language"] == answers["target"]).astype(float),
    )


def places_of(problems: pd.DataFrame) -> pd.Series:
    """Return where each problem stands among those of its language, from 0 to below 1."""
    asked = problems[["source", "problem"]].drop_duplicates()
    within = asked.groupby("source")["problem"]
    place = within.cumcount() / within.transform("size")
    return place.groupby(asked["problem"], sort=False).mean()


def _means(given: pd.DataFrame, units: pd.Index, weights: np.ndarray) -> dict[str, float]:
    """Return the means of a dose over pairs of the means over problems, with their intervals.

    Parameters
    ----------
    given
        The answers at the dose.
    units
        The U problems.
    weights
        (R, U): how often each counts in each replicate.
    """
    found = {}
    everything = np.ones((1, len(units)))
    for measure in _MEASURES:
        values = given.assign(value=given[measure].astype(float))
        table = values.pivot_table("value", "problem", "pair")  # means over the seeds of controls
        matrix = table.reindex(units).to_numpy()  # (U, pairs)
        found[measure] = float(_mean_over_pairs(matrix, everything)[0])
        low, high = percentile_interval(_mean_over_pairs(matrix, weights))
        found[f"{measure}_low"], found[f"{measure}_high"] = float(low), float(high)
    return found


def _mean_over_pairs(matrix: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean over pairs of the weighted mean over problems, (R,); NaN where absent."""
    known = ~np.isnan(matrix)
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # a replicate without a number stays NaN
        means = (weights @ np.where(known, matrix, 0)) / (weights @ known)  # (R, pairs)
        return np.nanmean(means, axis=1)


def _chosen(table: pd.DataFrame, max_repetition: float) -> pd.Series:
    """Return which rows are at their mode's best factor."""
    steered = (table["intervention"] == STEERED) & (table["half"] == HALVES[1])
    # Where no answer is in the language steered to, no factor is the best of them.
    fluent = table[steered & (table["repetition"] < max_repetition) & (table["in_target"] > 0)]
    # Of factors that steer as well, the smaller.
    order = fluent.sort_values(["in_target", "factor"], ascending=[False, True])
    best = set(order.groupby("mode")[["mode", "factor"]].head(1).itertuples(index=False, name=None))
    places = zip(table["mode"], table["factor"], strict=True)
    return pd.Series([place in best for place in places], table.index, dtype=bool)
