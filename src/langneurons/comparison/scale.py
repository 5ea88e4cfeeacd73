"""Two models' neurons on one scale, or each on its own (METHOD 10)."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from langneurons.activations.counts import Counts
from langneurons.activations.resampled import (
    filled_folds,
    possible_draws,
    resampled_probabilities,
)
from langneurons.neurons.types import Neurons, identify, identify_on_scale
from langneurons.uncertainty.resampling import draw_weights

#: τ, λ and the cut-off s* of the model before, for both; or each model's own, as in the paper.
COMMON, OWN = "common", "own"
SCALES = (COMMON, OWN)

Pair = tuple[Neurons, Neurons]


def typed_pair(
    before: np.ndarray,
    after: np.ndarray,
    method: str,
    parameters: Mapping[str, Any],
    scale: str,
) -> Pair:
    """Type the neurons of two models.

    Parameters
    ----------
    before, after
        Activation probabilities (L, D, K).
    method, parameters
        As for `identify`.
    scale
        One of `SCALES`.
    """
    first, selection = identify(before, method, parameters)
    if scale == COMMON:
        return first, identify_on_scale(after, method, selection)
    return first, identify(after, method, parameters)[0]


class Drawn:
    """Draws of the folds of two models' counts, the same for both.

    Parameters
    ----------
    before, after
        Counts by fold; the folds of both hold the same problems. If they have different numbers of
        folds, as a model that is run and published counts, nothing is drawn.
    replicates, seed
        Of the bootstrap.

    Attributes
    ----------
    units : int
        Number of folds that are drawn from.
    """

    def __init__(self, before: Counts, after: Counts, replicates: int, seed: int) -> None:
        self._counts = before, after
        self._draws = np.empty((0, 0), dtype=np.int64)
        self.units = 0
        if before.tokens.shape == after.tokens.shape:
            filled = filled_folds(before, after)
            self.units = int(filled.sum())
            if self.units > 1:
                draws = draw_weights(filled, replicates, seed)
                self._draws = possible_draws(draws, before, after)

    def typed(self, method: str, parameters: Mapping[str, Any], scale: str) -> Iterator[Pair]:
        """Yield both models' neurons in each draw, typed anew with τ, λ and s* of the draw."""
        if not len(self._draws):
            return
        resampled = [resampled_probabilities(counts, self._draws) for counts in self._counts]
        for before, after in zip(*resampled, strict=True):
            yield typed_pair(before, after, method, parameters, scale)
