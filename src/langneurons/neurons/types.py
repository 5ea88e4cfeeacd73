"""Types of neurons: specific, related, general, other (METHOD 2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np

from langneurons.neurons.methods.selection import Selection

#: Order of the types wherever they are listed.
TYPES = ("specific", "related", "general", "other")
SPECIFIC, RELATED, GENERAL, OTHER = range(4)
#: Whose neurons are counted by N, in this order.
POPULATIONS = ("all", "selected")


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

    @cached_property
    def n_languages(self) -> np.ndarray:
        """N: number of languages with p > τ, integer array (L, D)."""
        return self.active.sum(axis=-1)

    @cached_property
    def by_layer(self) -> np.ndarray:
        """Number of neurons of each layer and type, integers (L, 4)."""
        return np.stack([(self.kind == k).sum(axis=1) for k in range(len(TYPES))], axis=1)

    @cached_property
    def by_sharing(self) -> np.ndarray:
        """Number of neurons of each of `POPULATIONS` by N = 0..K, integers (2, K + 1)."""
        bins, N = self.active.shape[-1] + 1, self.n_languages
        parts = (N.reshape(-1), N[self.selected])
        return np.stack([np.bincount(part, minlength=bins) for part in parts])

    @cached_property
    def by_language(self) -> np.ndarray:
        """Number of specific and related neurons of each language, integers (K, 2).

        A related neuron counts for every language it belongs to.
        """
        return np.stack(
            [self.active[self.kind == k].sum(axis=0) for k in (SPECIFIC, RELATED)], axis=1
        )

    def masks(self) -> np.ndarray:
        """Selected neurons of each language, boolean (L, D, K); languages may overlap."""
        return self.active & self.selected[..., None]

    def language_bound(self) -> np.ndarray:
        """Specific and related neurons of each language: `masks` without general ones."""
        return self.masks() & np.isin(self.kind, (SPECIFIC, RELATED))[..., None]


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
        Activation probabilities (L, D, K), or what the method reads in place of them.
    method
        The name of a module of `langneurons.neurons.methods`.
    parameters
        Keyword arguments of the method's ``select``.
    """
    module = _module(method)
    probabilities = _on_its_scale(module, probabilities)
    selection = module.select(probabilities, **parameters)
    return _typed(module, probabilities, selection.threshold, selection.selected), selection


def identify_on_scale(probabilities: np.ndarray, method: str, scale: Selection) -> Neurons:
    """Type all neurons with the τ, λ and cut-off s* of another model's selection (METHOD 10).

    With its own, a model has as many selected neurons, and as many probabilities above τ, as any
    other: what one layer gains another loses, though no neuron there moved.

    Parameters
    ----------
    probabilities
        As for `identify`.
    method
        The method of the selection.
    scale
        The selection of the other model, of equal shape.
    """
    module = _module(method)
    probabilities = _on_its_scale(module, probabilities)
    score = module.score(probabilities, scale.threshold, scale.parameters)
    return _typed(module, probabilities, scale.threshold, scale.reach_cutoff(score))


def _module(method: str) -> Any:
    return import_module(f"langneurons.neurons.methods.{method}")


def _on_its_scale(module: Any, quotients: np.ndarray) -> np.ndarray:
    """Return what a method selects by, (L, D, K): what it reads, or this normalised."""
    return module.normalised(quotients) if hasattr(module, "normalised") else quotients


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
