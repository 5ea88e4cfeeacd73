"""Types of neurons: specific, related, general, other (METHOD 2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from langneurons.neurons.methods.selection import Selection

#: Order of the types wherever they are listed.
TYPES = ("specific", "related", "general", "other")
SPECIFIC, RELATED, GENERAL, OTHER = range(4)


@dataclass(frozen=True)
class Neurons:
    """Every neuron's type.

    Attributes
    ----------
    kind
        Integer array (L, D), an index into `TYPES`.
    active
        Boolean array (L, D, K): p > τ.
    selected
        Boolean array (L, D).
    """

    kind: np.ndarray
    active: np.ndarray
    selected: np.ndarray

    @property
    def n_languages(self) -> np.ndarray:
        """N: number of languages with p > τ, integer array (L, D)."""
        return self.active.sum(axis=-1)

    def masks(self) -> np.ndarray:
        """Selected neurons of each language, boolean (L, D, K); languages may overlap."""
        return self.active & self.selected[..., None]


def identify(
    probabilities: np.ndarray, method: str, parameters: Mapping[str, Any]
) -> tuple[Neurons, Selection]:
    """Select neurons with ``method`` and type all of them.

    Specific: selected and N = 1; related: selected and 1 < N < K; general: N = K over ALL
    neurons; other: the rest. A method without a related type calls every selected neuron with
    1 ≤ N < K specific: one that is active for all languages is specific to none.

    Parameters
    ----------
    probabilities
        Activation probabilities (L, D, K).
    method
        The name of a module of `langneurons.neurons.methods`.
    parameters
        Keyword arguments of the method's ``select``.
    """
    module = _module(method)
    selection = module.select(probabilities, **parameters)
    return _typed(module, probabilities, selection.threshold, selection.selected), selection


def identify_on_scale(probabilities: np.ndarray, method: str, scale: Selection) -> Neurons:
    """Type all neurons with the τ, λ and cut-off s* of another model's selection (METHOD 10).

    With its own, a model has as many selected neurons, and as many probabilities above τ, as any
    other: what one layer gains another loses, though no neuron there moved.

    Parameters
    ----------
    probabilities
        Activation probabilities (L, D, K).
    method
        The method of the selection.
    scale
        The selection of the other model, of equal shape.
    """
    module = _module(method)
    score = module.score(probabilities, scale.threshold, scale.parameters)
    return _typed(module, probabilities, scale.threshold, scale.same_cutoff(score))


def _module(method: str) -> Any:
    return import_module(f"langneurons.neurons.methods.{method}")


def _typed(
    module: Any, probabilities: np.ndarray, threshold: float, selected: np.ndarray
) -> Neurons:
    active = probabilities > threshold
    N, K = active.sum(axis=-1), active.shape[-1]
    kind = np.full(N.shape, OTHER, dtype=np.int8)
    kind[N == K] = GENERAL
    if module.METHOD.related:
        kind[selected & (N == 1)] = SPECIFIC
        kind[selected & (N > 1) & (N < K)] = RELATED
    else:
        kind[selected & (N >= 1) & (N < K)] = SPECIFIC
    return Neurons(kind, active, selected)
