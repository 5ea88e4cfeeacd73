"""How many members sets share by chance: as many drawn at random in each layer."""

import numpy as np
from scipy.special import gammaln

#: The tails that a 95 % interval leaves out.
_TAIL = 0.025


def mean_overlap(first: np.ndarray, second: np.ndarray, neurons: int) -> np.ndarray:
    """Return the mean number that random sets share, summed over layers.

    Parameters
    ----------
    first, second
        (L, …): the sizes of both sets in each layer.
    neurons
        D, how many there are in each layer.

    Returns
    -------
    numpy.ndarray
        (…): ``Σ_l first[l] · second[l] / D``.
    """
    return (first * second / neurons).sum(axis=0)


def overlap_interval(first: np.ndarray, second: np.ndarray, neurons: int) -> tuple[int, int]:
    """Return the central 95 % interval of the number that random sets share.

    In each layer this is hypergeometric; layers are independent.

    Parameters
    ----------
    first, second
        Integers (L,): the sizes of both sets in each layer.
    neurons
        D, how many there are in each layer.

    Returns
    -------
    low, high
        The smallest numbers that are not exceeded with a probability of 2.5 % and 97.5 %.
    """
    chances = np.ones(1)
    offset = 0
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        least, layer = _in_layer(a, b, neurons)
        chances = np.convolve(chances, layer)
        offset += least
    total = np.cumsum(chances)
    low, high = np.searchsorted(total / total[-1], (_TAIL, 1 - _TAIL))
    return offset + int(low), offset + int(high)


def _in_layer(a: int, b: int, D: int) -> tuple[int, np.ndarray]:
    """Return the least number that a of D share with b of D, and the chance of it and of more."""
    least = max(0, a + b - D)
    shared = np.arange(least, min(a, b) + 1)
    return least, np.exp(_choose(a, shared) + _choose(D - a, b - shared) - _choose(D, b))


def _choose(n: int, k: np.ndarray | int) -> np.ndarray:
    """Return the logarithm of the binomial coefficient."""
    return gammaln(n + 1) - gammaln(np.add(k, 1)) - gammaln(np.subtract(n, k) + 1)
