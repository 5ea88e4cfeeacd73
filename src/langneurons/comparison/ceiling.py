"""How much the neurons of one model overlap on two halves of its texts (METHOD 10)."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from langneurons.activations.counts import Counts
from langneurons.activations.resampled import filled_folds, possible_draws
from langneurons.comparison.positions import kept_shares, transition_counts
from langneurons.neurons.types import TYPES, Neurons, identify
from langneurons.uncertainty.resampling import FEWEST_UNITS


def split_halves(
    counts: Counts, method: str, parameters: Mapping[str, Any]
) -> tuple[Neurons, Neurons] | None:
    """Return the neurons of a model on either half of its texts.

    Every second fold is one half, the rest the other; each half is typed with its own τ, λ and
    cut-off.

    Parameters
    ----------
    counts
        The model's counts by fold.
    method, parameters
        As for `langneurons.neurons.types.identify`.

    Returns
    -------
    tuple or None
        None with fewer than `FEWEST_UNITS` folds that hold tokens, or if a language has tokens in
        one half only.
    """
    filled = filled_folds(counts)
    folds = np.flatnonzero(filled)
    halves = np.zeros((2, len(filled)), dtype=np.int64)
    halves[0, folds[::2]] = halves[1, folds[1::2]] = 1
    if len(folds) < FEWEST_UNITS or len(possible_draws(halves, counts)) < len(halves):
        return None
    first, second = (identify(counts.probabilities(half), method, parameters)[0] for half in halves)
    return first, second


def split_half_ceiling(counts: Counts, method: str, parameters: Mapping[str, Any]) -> np.ndarray:
    """Overlap of each type between a model and itself on other texts, see `split_halves`.

    Returns
    -------
    numpy.ndarray
        (4,): the mean of |A∩B| / |A| with either half as A; NaN of a type that one of them lacks,
        or where there are no halves.
    """
    halves = split_halves(counts, method, parameters)
    if halves is None:
        return np.full(len(TYPES), np.nan)
    crossing = transition_counts(*halves)
    return (kept_shares(crossing) + kept_shares(crossing.T)) / 2
