"""Numbers of neurons: by layer and type, by N, by language and type."""

import numpy as np

from langneurons.neurons.types import RELATED, SPECIFIC, TYPES, Neurons

#: Whose neurons are counted by N, in this order.
POPULATIONS = ("all", "selected")


def by_layer(neurons: Neurons) -> np.ndarray:
    """Count the neurons of each layer and type, integers (L, 4)."""
    return np.stack([(neurons.kind == k).sum(axis=1) for k in range(len(TYPES))], axis=1)


def by_sharing(neurons: Neurons) -> np.ndarray:
    """Count the neurons of each of `POPULATIONS` by N = 0..K, integers (2, K + 1)."""
    bins = neurons.active.shape[-1] + 1
    N = neurons.n_languages
    return np.stack(
        [np.bincount(one.reshape(-1), minlength=bins) for one in (N, N[neurons.selected])]
    )


def by_language(neurons: Neurons) -> np.ndarray:
    """Count the specific and related neurons of each language, integers (K, 2).

    A related neuron counts for every language it belongs to.
    """
    return np.stack(
        [neurons.active[neurons.kind == k].sum(axis=0) for k in (SPECIFIC, RELATED)], axis=1
    )
