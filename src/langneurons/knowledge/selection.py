"""Which neurons are a fact's: those that agree over phrasings, and over languages (METHOD 9)."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from langneurons.knowledge.schemas import AGNOSTIC, FACT_NEURONS, OVERALL


def of_fact(attributions: np.ndarray, threshold: float, variation: float) -> np.ndarray:
    """Return which neurons are a fact's, boolean, (n,).

    The mean over phrasings exceeds ``threshold`` times the largest mean, and the coefficient of
    variation (standard deviation over phrasings, one degree of freedom less, over the mean) is
    below ``variation``. None are if no mean is above 0.

    Parameters
    ----------
    attributions
        (P, n): of n neurons in P ≥ 2 phrasings, that with the largest mean among them.
    """
    mean = attributions.mean(axis=0)
    largest = mean.max(initial=0.0)
    return (mean > threshold * largest) & (mean > 0) & (variation_of(attributions) < variation)


def variation_of(attributions: np.ndarray) -> np.ndarray:
    """Return the coefficient of variation over the first axis; infinite where the mean is not > 0.

    NaN with one row only.
    """
    mean = attributions.mean(axis=0)
    if len(attributions) < 2:
        return np.full(mean.shape, np.nan)
    spread = attributions.std(axis=0, ddof=1)
    return np.divide(spread, mean, out=np.full(mean.shape, np.inf), where=mean > 0)


def candidates(attributions: np.ndarray, kept: float) -> np.ndarray:
    """Return which neurons can be a fact's at any threshold from ``kept`` on, boolean, (n,).

    Also where a phrasing is left out: a mean above the threshold has a phrasing above it.

    Parameters
    ----------
    attributions
        (P, n), of all neurons.
    """
    means = [attributions[rows].mean(axis=0).max() for rows in _parts(len(attributions))]
    return (attributions > max(kept * min(means), 0.0)).any(axis=0)


def _parts(phrasings: int) -> Iterator[list[int]]:
    """Yield all phrasings, then all but each."""
    every = list(range(phrasings))
    yield every
    for out in every:
        yield [one for one in every if one != out]


def neurons_of_facts(
    attributions: pd.DataFrame, threshold: float, variation: float
) -> pd.DataFrame:
    """Return the rows of `FACT_NEURONS`.

    Parameters
    ----------
    attributions
        Rows of `ATTRIBUTIONS`.
    threshold, variation
        See `of_fact`.
    """
    keys = ["fact", "relation", "language"]
    tables = [pd.DataFrame(columns=FACT_NEURONS.names)]
    of_neurons = attributions[attributions["neuron"].notna()]
    for names, rows in of_neurons.groupby(keys, sort=False):
        wide = rows.pivot_table("attribution", "phrasing", ["layer", "neuron"])
        values = wide.to_numpy()  # (P, n)
        layers, neurons = (wide.columns.get_level_values(i).to_numpy(dtype=int) for i in (0, 1))
        for part in _parts(len(values)):
            out = None if len(part) == len(values) else wide.index[_missing(part, len(values))]
            some = values[part]
            found = np.flatnonzero(of_fact(some, threshold, variation))
            columns = {
                "layer": layers[found],
                "neuron": neurons[found],
                "attribution": some.mean(axis=0)[found],
                "variation": variation_of(some)[found],
            }
            table = pd.DataFrame({**columns, "held_out": out}).sort_values(["layer", "neuron"])
            tables.append(table.assign(**dict(zip(keys, names, strict=True))))
    return pd.concat(tables, ignore_index=True).astype({"held_out": "Int32"})


def _missing(part: Sequence[int], number: int) -> int:
    return next(index for index in range(number) if index not in part)


def needed(languages: int, share: float) -> int:
    """Return in how many of some languages a neuron must be a fact's to be language-agnostic."""
    return max(2, math.ceil(share * languages - 1e-9))


def language_agnostic(
    neurons: pd.DataFrame, known: pd.DataFrame, share: float, languages: Sequence[str]
) -> pd.DataFrame:
    """Return the rows of `AGNOSTIC`.

    Parameters
    ----------
    neurons
        Rows of `FACT_NEURONS`, found on all phrasings.
    known
        ``fact``, ``language`` and ``answer``: which facts were attributed in which languages.
        Facts of one language are left out.
    share
        Of a fact's languages, in which a neuron must be the fact's; in two at least.
    languages
        In the order in which they are listed.
    """
    if neurons.empty:
        return pd.DataFrame(columns=AGNOSTIC.names)
    known_in = known.groupby("fact").size()
    order = {name: index for index, name in enumerate(languages)}
    rows = neurons.merge(known, on=["fact", "language"])
    rows = rows.sort_values("language", key=lambda column: column.map(order), kind="stable")
    groups = rows.groupby(["fact", "relation", "layer", "neuron"], sort=False)
    found = groups.agg(
        languages=("language", list),
        answers=("answer", lambda answers: answers.str.casefold().nunique()),
        attribution=("attribution", "mean"),
        spread=("attribution", "std"),
    ).reset_index()
    found["known_in"] = found["fact"].map(known_in)
    least = found["known_in"].map(lambda number: needed(number, share))
    found = found[found["languages"].map(len) >= least]
    found["variation"] = found.pop("spread") / found["attribution"]
    facts = {name: index for index, name in enumerate(dict.fromkeys(known["fact"]))}
    return found.sort_values(
        ["fact", "layer", "neuron"],
        key=lambda column: column.map(facts) if column.name == "fact" else column,
        ignore_index=True,
    )


def overall(agnostic: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `OVERALL`, neurons of the most facts first."""
    if agnostic.empty:
        return pd.DataFrame(columns=OVERALL.names)
    several = int((known.groupby("fact").size() > 1).sum())
    found = (
        agnostic.groupby(["layer", "neuron"])
        .agg(
            facts=("fact", "nunique"),
            relations=("relation", lambda names: sorted(set(names))),
            attribution=("attribution", "mean"),
        )
        .reset_index()
        .assign(of=several)
    )
    by = ["facts", "layer", "neuron"]
    return found.sort_values(by, ascending=[False, True, True], ignore_index=True)


def expected_by_chance(numbers: Sequence[int], width: int, share: float) -> float:
    """Return how many language-agnostic neurons random ones would give in a layer.

    Parameters
    ----------
    numbers
        How many neurons a fact has there in each of its languages, drawn from ``width``.
    """
    hits = np.array([1.0])  # of a neuron: probability of being drawn in 0, 1, … languages
    for number in numbers:
        hits = np.convolve(hits, [1 - number / width, number / width])
    return float(width * hits[needed(len(numbers), share) :].sum())
