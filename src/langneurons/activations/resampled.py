"""Draws of texts, and activation probabilities in them (METHOD 10).

Folds of problems are drawn where there are several. Published counts have one: of these, only how
often each neuron is active can be drawn, over tokens.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from langneurons.activations.counts import Counts
from langneurons.uncertainty.resampling import FOLDS, TOKENS, Units, draw_weights

#: Draws that are summed at a time: enough that the sum is one fast matrix product.
_AT_A_TIME = 8
#: float32 holds every whole number up to here.
_EXACT = 2**24
#: From this binomial variance on, in tokens, the normal distribution stands for the binomial.
_NORMAL_FROM = 100.0


@dataclass(frozen=True)
class Draws:
    """R draws of the texts of one or more models, the same texts for all."""

    weights: np.ndarray
    """Integers (R, F): how often each fold counts in each draw; of tokens, the fold that holds
    them."""
    units: Units
    """What is drawn, folds or tokens. Of tokens, the fewest that a language has, divided by the
    design effect."""
    design_effect: float = 1.0
    """Of tokens: by how much the variance of p exceeds that of independent tokens."""
    seed: int = 0
    """Of the draws of tokens."""

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def facts(self) -> dict[str, Any]:
        """What is drawn, for the provenance."""
        folds = self.units.number if self.units.name == FOLDS else 1
        return {"folds": folds, "units": asdict(self.units), "draws": len(self)}


def over_what(drawn: Mapping[str, Any]) -> str:
    """Say what an interval is over, given `Draws.facts`."""
    return "over texts" if drawn["units"]["name"] == FOLDS else "over tokens alone, of one fold"


def filled_folds(*counts: Counts) -> np.ndarray:
    """Return which folds hold tokens in every one of the counts, boolean (F,)."""
    return np.logical_and.reduce([one.tokens.sum(axis=0) > 0 for one in counts])


def draw_texts(*counts: Counts, replicates: int, seed: int, design_effect: float) -> Draws:
    """Draw folds with replacement, the same for all of the counts; or tokens, where all have one.

    Parameters
    ----------
    counts
        Counts of one or more models; the folds of all hold the same problems.
    replicates, seed
        Of the bootstrap.
    design_effect
        See `Draws`.

    Returns
    -------
    Draws
        None of different numbers of folds, as of a model that is run and published counts, nor
        where the models' texts have fewer than two folds in common and one has more than that, nor
        of sums in one fold that count no tokens.
    """
    if len({one.tokens.shape for one in counts}) > 1:
        return Draws(np.empty((0, 0), dtype=np.int64), Units(0, FOLDS))
    filled = filled_folds(*counts)
    folds = int(filled.sum())
    if folds > 1:
        weights = possible_draws(draw_weights(filled, replicates, seed), *counts)
        return Draws(weights, Units(folds, FOLDS))
    counted = all(_whole(one) for one in counts)
    if folds < 1 or not counted or any(filled_folds(one).sum() > 1 for one in counts):
        return Draws(np.empty((0, len(filled)), dtype=np.int64), Units(folds, FOLDS))
    fewest = min(int(_trials(one, design_effect).min()) for one in counts)
    weights = np.tile(filled.astype(np.int64), (replicates, 1))
    return Draws(weights, Units(fewest, TOKENS), design_effect, seed)


def possible_draws(draws: np.ndarray, *counts: Counts) -> np.ndarray:
    """Leave out draws (R, F) that leave a language without tokens in one of the counts."""
    whole = [(draws @ one.tokens.T > 0).all(axis=1) for one in counts]
    return draws[np.logical_and.reduce(whole)]


def resampled_probabilities(counts: Counts, draws: Draws, model: int = 0) -> Iterator[np.ndarray]:
    """Yield the probabilities of each draw, as `Counts.probabilities` gives them.

    Parameters
    ----------
    counts
        Counts by fold.
    draws
        What `draw_texts` gives.
    model
        The position of the counts among those that were drawn: tokens of different models are drawn
        independently.

    Yields
    ------
    numpy.ndarray
        float32, (L, D, K).
    """
    if not len(draws):
        return
    if draws.units.name == TOKENS:
        yield from _of_tokens(counts, draws, model)
    else:
        yield from _of_folds(counts, draws.weights)


def _of_folds(counts: Counts, weights: np.ndarray) -> Iterator[np.ndarray]:
    K, F, L, D = counts.active.shape
    # Sums of counts stay whole numbers, so that float32, twice as fast, gives them to the last
    # digit.
    largest = (weights @ counts.tokens.T).max(initial=0)
    numbers = np.float32 if _whole(counts) and largest < _EXACT else np.float64
    active = np.empty((F, L * D * K), dtype=numbers)
    for fold in range(F):  # a fold at a time, so that no second copy of all counts is made
        active[fold] = counts.active[:, fold].transpose(1, 2, 0).reshape(-1)
    for start in range(0, len(weights), _AT_A_TIME):
        some = weights[start : start + _AT_A_TIME]
        sums = some.astype(numbers) @ active
        for tokens, row in zip(some @ counts.tokens.T, sums, strict=True):
            shares = row.reshape(L, D, K) / tokens.astype(numbers)
            yield shares.astype(np.float32, copy=False)


def _of_tokens(counts: Counts, draws: Draws, model: int) -> Iterator[np.ndarray]:
    """Yield Binomial(n, p) / n, independent for each neuron and language.

    Where n p (1 − p) is large, it is normal with the same mean and variance, which is several times
    as fast.
    """
    p = np.minimum(counts.probabilities(), np.float32(1))  # some published ones are above 1
    n = np.broadcast_to(_trials(counts, draws.design_effect), p.shape)
    variance = n * p * (1 - p)
    exact = np.flatnonzero(variance < _NORMAL_FROM)
    sd = (np.sqrt(variance) / n).astype(np.float32)
    trials, chance = n.reshape(-1)[exact], p.reshape(-1)[exact].astype(np.float64)
    random = np.random.default_rng([draws.seed, model])
    for _ in range(len(draws)):
        shares = random.standard_normal(p.shape, dtype=np.float32)
        shares *= sd
        shares += p
        shares.reshape(-1)[exact] = random.binomial(trials, chance) / trials
        yield shares


def _whole(counts: Counts) -> bool:
    """Whether they are numbers of tokens, not other sums."""
    return np.issubdtype(counts.active.dtype, np.integer)


def _trials(counts: Counts, design_effect: float) -> np.ndarray:
    """Return how many independent tokens each language's are worth, integers (K,), at least 1."""
    worth = np.rint(counts.tokens.sum(axis=1) / design_effect)
    return np.maximum(worth, 1).astype(np.int64)
