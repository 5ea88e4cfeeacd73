"""Distribution-aware language neurons: not whether a neuron is active, but how strongly.

After the public repository of that name. Known of it: per language a histogram of 400 bins of each
neuron's activations, the overlap of each pair of languages, single linkage into two groups, and the
1 % of neurons whose groups overlap least. What is not known, whose a neuron is, is decided here:
see `owners`.
"""

import numpy as np

from langneurons.neurons.methods.declaration import TOP_RATE, Method
from langneurons.neurons.methods.selection import Selection, lowest

METHOD = Method(
    about="Distribution-aware language neurons: histograms of activations that overlap least "
    "between two groups of languages",
    related=True,
    parameters={"top_rate": TOP_RATE},
    statistic="overlaps",
    drawn=False,
)


def select(overlaps: np.ndarray, top_rate: float = 0.01) -> Selection:
    """Select the neurons whose two groups of languages overlap least.

    Parameters
    ----------
    overlaps
        Overlap of each two languages' histograms, symmetric, (L, D, K, K).
    top_rate
        Share of all neurons to select, in (0, 1).

    Returns
    -------
    Selection
        The score is the largest overlap of two languages in different groups, NaN where one is not
        known. There is no τ.
    """
    score, _ = two_groups(overlaps)
    selected = lowest(score, round(top_rate * score.size))
    parameters: dict[str, float | bool | None] = {"top_rate": top_rate, "threshold_quantile": None}
    return Selection(score, selected, float("nan"), parameters)


def owners(overlaps: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return the languages that own neurons: the group in which a neuron is active more strongly.

    Parameters
    ----------
    overlaps
        As for `select`, (…, K, K).
    means
        Mean activation in each language, (…, K).

    Returns
    -------
    numpy.ndarray
        Boolean (…, K), never all languages: the group with the higher mean of its languages' means.
        A tie goes to the group without the first language.
    """
    _, group = two_groups(overlaps)
    size = group.sum(axis=-1)  # 1 to K − 1
    inside = np.where(group, means, 0).sum(axis=-1) / size
    outside = np.where(group, 0, means).sum(axis=-1) / (group.shape[-1] - size)
    return np.where((inside >= outside)[..., None], group, ~group)


def two_groups(overlaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split languages by single linkage into two groups, all neurons at once.

    Single linkage joins along the edges of a maximum spanning tree, the strongest first; so its
    last merge is the tree's weakest edge, and its groups are what is left without it. The tree is
    grown by Prim's algorithm from the first language, K − 1 steps for all neurons.

    Parameters
    ----------
    overlaps
        Symmetric similarities, (…, K, K).

    Returns
    -------
    last, group
        The similarity at which the two groups merge, (…), NaN where a similarity is NaN; and which
        languages are in the group without the first one, boolean (…, K). Where several edges are
        equally weak, the one is cut that was grown first.
    """
    shape, K = overlaps.shape[:-2], overlaps.shape[-1]
    flat = overlaps.reshape(-1, K, K)
    rows = np.arange(len(flat))
    known = np.isfinite(flat).all(axis=(1, 2))
    flat = np.where(known[:, None, None], flat, 0)
    grown = np.zeros((len(flat), K), dtype=bool)
    grown[:, 0] = True
    nearest = flat[:, 0].copy()  # of each language, its strongest edge to the tree
    parent = np.zeros((len(flat), K), dtype=np.int64)
    last = np.full(len(flat), np.inf)
    group = np.zeros((len(flat), K), dtype=bool)
    for _ in range(K - 1):
        language = np.where(grown, -np.inf, nearest).argmax(axis=1)
        strength = nearest[rows, language]
        weaker = strength < last
        # Beyond the weakest edge so far is its far end alone, and what grows from it.
        group[weaker] = False
        group[rows, language] = weaker | group[rows, parent[rows, language]]
        last = np.where(weaker, strength, last)
        grown[rows, language] = True
        edges = flat[rows, language]  # (neurons, K)
        closer = ~grown & (edges > nearest)
        nearest = np.where(closer, edges, nearest)
        parent = np.where(closer, language[:, None], parent)
    return np.where(known, last, np.nan).reshape(shape), group.reshape(*shape, K)
