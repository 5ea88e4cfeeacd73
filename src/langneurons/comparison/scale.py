"""Two models' neurons on one scale, or each on its own (METHOD 10)."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from langneurons.activations.counts import Counts
from langneurons.activations.resampled import draw_texts, resampled_probabilities
from langneurons.neurons.types import Neurons, identify, identify_on_scale

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
    """Draws of the texts of two models' counts, the same folds for both.

    Parameters
    ----------
    before, after
        Counts by fold, as for `draw_texts`.
    replicates, seed, design_effect
        Of the bootstrap, as for `draw_texts`.

    Attributes
    ----------
    draws : Draws
        What is drawn.
    """

    def __init__(
        self, before: Counts, after: Counts, replicates: int, seed: int, design_effect: float
    ) -> None:
        self._counts = before, after
        self.draws = draw_texts(
            before, after, replicates=replicates, seed=seed, design_effect=design_effect
        )

    def typed(self, method: str, parameters: Mapping[str, Any], scale: str) -> Iterator[Pair]:
        """Yield both models' neurons in each draw, typed anew with τ, λ and s* of the draw."""
        resampled = [
            resampled_probabilities(counts, self.draws, model)
            for model, counts in enumerate(self._counts)
        ]
        for before, after in zip(*resampled, strict=True):
            yield typed_pair(before, after, method, parameters, scale)
