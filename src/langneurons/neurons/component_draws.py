"""Neurons of components in draws of the texts (METHOD 10)."""

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from langneurons.activations.resampled import draw_texts, resampled_probabilities
from langneurons.activations.sums import read_sums
from langneurons.neurons.types import RELATED, SPECIFIC, identify
from langneurons.uncertainty.resampling import Units


def language_neurons_in_draws(
    paths: Sequence[str | Path],
    method: str,
    parameters: Mapping[str, Any],
    languages: Sequence[str],
    replicates: int,
    seed: int,
) -> tuple[np.ndarray, Units]:
    """Count specific and related neurons of components by layer, on all texts and in each draw.

    The same texts are drawn for all components.

    Parameters
    ----------
    paths
        Of each component: the counts of texts in which a neuron is a hit, by fold.
    method, parameters
        See `identify`.
    replicates, seed
        Of the bootstrap over folds.

    Returns
    -------
    numbers, units
        Integers (1 + R, L): the estimate, then the draws, over all components; what was drawn.
    """
    components = [read_sums(path, languages) for path in paths]
    draws = draw_texts(*components, replicates=replicates, seed=seed, design_effect=1.0)
    numbers = []
    for counts in components:
        shares = chain([counts.probabilities()], resampled_probabilities(counts, draws))
        numbers.append([_by_layer(one, method, parameters) for one in shares])
    return np.sum(numbers, axis=0), draws.units


def _by_layer(shares: np.ndarray, method: str, parameters: Mapping[str, Any]) -> np.ndarray:
    neurons, _ = identify(shares, method, parameters)
    return neurons.by_layer[:, [SPECIFIC, RELATED]].sum(axis=1)
