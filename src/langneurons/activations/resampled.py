"""Draws of folds, and activation probabilities in them, many draws at a time."""

from collections.abc import Iterator

import numpy as np

from langneurons.activations.counts import Counts
from langneurons.uncertainty.resampling import draw_weights

#: Draws that are summed at a time: enough that the sum is one fast matrix product.
_AT_A_TIME = 8
#: float32 holds every whole number up to here.
_EXACT = 2**24


def filled_folds(*counts: Counts) -> np.ndarray:
    """Return which folds hold tokens in every one of the counts, boolean (F,)."""
    return np.logical_and.reduce([one.tokens.sum(axis=0) > 0 for one in counts])


def draw_folds(*counts: Counts, replicates: int, seed: int) -> tuple[np.ndarray, int]:
    """Draw folds with replacement, the same for all of the counts.

    Parameters
    ----------
    counts
        Counts of one or more models; the folds of all hold the same problems.
    replicates, seed
        Of the bootstrap.

    Returns
    -------
    draws, folds
        Integers (R, F), how often each fold counts in each draw; and the number of folds that are
        drawn from. Nothing is drawn from fewer than two, nor from different numbers of folds, as of
        a model that is run and published counts.
    """
    if len({one.tokens.shape for one in counts}) > 1:
        return np.empty((0, 0), dtype=np.int64), 0
    filled = filled_folds(*counts)
    folds = int(filled.sum())
    if folds < 2:
        return np.empty((0, len(filled)), dtype=np.int64), folds
    return possible_draws(draw_weights(filled, replicates, seed), *counts), folds


def possible_draws(draws: np.ndarray, *counts: Counts) -> np.ndarray:
    """Leave out draws (R, F) that leave a language without tokens in one of the counts."""
    whole = [(draws @ one.tokens.T > 0).all(axis=1) for one in counts]
    return draws[np.logical_and.reduce(whole)]


def resampled_probabilities(counts: Counts, draws: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the probabilities of each draw, as `Counts.probabilities` gives them.

    Parameters
    ----------
    counts
        Counts by fold.
    draws
        Integers (R, F): how often each fold counts in each draw.

    Yields
    ------
    numpy.ndarray
        float32, (L, D, K).
    """
    if not len(draws):
        return
    K, F, L, D = counts.active.shape
    # Sums stay whole numbers, so that float32, twice as fast, gives them to the last digit.
    largest = (draws @ counts.tokens.T).max(initial=0)
    numbers = np.float32 if largest < _EXACT else np.float64
    active = np.empty((F, L * D * K), dtype=numbers)
    for fold in range(F):  # a fold at a time, so that no second copy of all counts is made
        active[fold] = counts.active[:, fold].transpose(1, 2, 0).reshape(-1)
    for start in range(0, len(draws), _AT_A_TIME):
        some = draws[start : start + _AT_A_TIME]
        sums = some.astype(numbers) @ active
        for tokens, row in zip(some @ counts.tokens.T, sums, strict=True):
            shares = row.reshape(L, D, K) / tokens.astype(numbers)
            yield shares.astype(np.float32, copy=False)
