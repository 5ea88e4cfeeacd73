"""Random controls of a set of neurons: as many others in each layer, by activity alike ones."""

import hashlib

import numpy as np

#: The way to match controls that gives each neuron one like it, beside their number by layer.
ACTIVITY = "activity"
#: What neurons are alike in by activity, the last axis of `activity_of`.
QUANTITIES = ("peak_probability", "down_norm")
#: By activity a neuron's partner is drawn among so many nearest ones.
NEAREST = 5


def control(
    neurons: np.ndarray,
    claimed: np.ndarray,
    seed: int,
    name: str,
    language: str,
    activity: np.ndarray | None = None,
) -> np.ndarray:
    """Draw as many random neurons in each layer as a set has there, of no language.

    By activity each neuron of the set gets a partner: one of the `NEAREST` in the space of
    ``activity`` that are not yet taken. Neurons that draw the same one draw again, but for a random
    one of them.

    A layer may have too few neurons that no language claims: all of them are taken, and the rest
    are drawn from the set itself, never from the neurons of another language.

    Parameters
    ----------
    neurons
        The set of a language, boolean (L, D).
    claimed
        The neurons of any language, none of which is drawn, boolean (L, D).
    seed, name, language
        These and the sets determine the draw: the control's seed, the names of set and language.
    activity
        From `activity_of`, (L, D, 2), to match by activity; None to match in number by layer alone.

    Returns
    -------
    numpy.ndarray
        Boolean, (L, D).
    """
    generator = generator_of(seed, name, language)
    drawn = np.zeros_like(neurons)
    for layer, row in enumerate(neurons):
        inside, outside = np.flatnonzero(row), np.flatnonzero(~(row | claimed[layer]))
        if activity is None or len(outside) <= len(inside):
            order = np.concatenate([generator.permutation(outside), generator.permutation(inside)])
            drawn[layer, order[: len(inside)]] = True
        else:
            at = activity[layer]
            drawn[layer, outside[_partners(at[inside], at[outside], generator)]] = True
    return drawn


def generator_of(seed: int, *names: str) -> np.random.Generator:
    """Return the random numbers of a draw: those of a seed and of what is drawn for."""
    digest = hashlib.sha256("\n".join(names).encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest[:16], dtype=np.uint32)])


def activity_of(peak_probability: np.ndarray, norms: np.ndarray) -> np.ndarray:
    """Return where neurons lie by activity: in units of the standard deviation of their layer.

    Parameters
    ----------
    peak_probability
        Largest activation probability over languages, (L, D).
    norms
        ‖W_down[:, j]‖₂ of each neuron, (L, D); of 0 the least of the others of the layer stands in.

    Returns
    -------
    numpy.ndarray
        (L, D, 2): the peak and the logarithm of the norm, each less its mean over the layer and
        divided by its standard deviation there.
    """
    least = np.where(norms > 0, norms, np.inf).min(axis=1, keepdims=True)
    floor = np.where(np.isfinite(least), least, 1.0)
    values = np.stack([peak_probability, np.log(np.maximum(norms, floor))], axis=-1).astype(float)
    values -= values.mean(axis=1, keepdims=True)
    spread = values.std(axis=1, keepdims=True)
    return values / np.where(spread > 0, spread, 1.0)


def imbalance(neurons: np.ndarray, drawn: np.ndarray, activity: np.ndarray) -> np.ndarray:
    """Return the standardised mean difference of a set and its control in each of `QUANTITIES`.

    Since both have as many neurons in each layer, it is in standard deviations of the layers.

    Parameters
    ----------
    neurons, drawn
        The set and its control, boolean (L, D).
    activity
        From `activity_of`, (L, D, 2).

    Returns
    -------
    numpy.ndarray
        (2,): mean of the set less mean of the control; NaN of an empty set.
    """
    if not neurons.any():
        return np.full(activity.shape[-1], np.nan)
    return activity[neurons].mean(axis=0) - activity[drawn].mean(axis=0)


def _partners(
    wanted: np.ndarray, offered: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Return for each wanted point (n, 2) another index into the offered ones (m, 2), m ≥ n."""
    from scipy.spatial import KDTree  # figures need the names of this module only, and soon

    partners = np.full(len(wanted), -1)
    free = np.arange(len(offered))
    while (alone := np.flatnonzero(partners < 0)).size:
        places = range(1, min(NEAREST, len(free)) + 1)
        _, near = KDTree(offered[free]).query(wanted[alone], k=places)  # (alone, places)
        picked = near[np.arange(len(alone)), generator.integers(len(places), size=len(alone))]
        order = generator.permutation(len(alone))
        taken, first = np.unique(picked[order], return_index=True)
        partners[alone[order[first]]] = free[taken]
        free = np.delete(free, taken)
    return partners
