"""The paper's method: language-specific, language-related and general neurons (METHOD 2).

Source: arXiv 2505.21505, equation 5, on the scale of the authors' released code.
"""

from collections.abc import Callable, Mapping

import numpy as np

from langneurons.neurons.methods.declaration import LAMBDA, THRESHOLD_QUANTILE, TOP_RATE, Method
from langneurons.neurons.methods.selection import (
    Selection,
    activity_threshold,
    lowest,
    sorted_shares,
)

#: The release's bisection: from this bracket, down to this width.
LAMBDA_BRACKET = (0.0, 0.2)
LAMBDA_TOLERANCE = 1e-3
#: No larger λ is tried. H / ln K is at most 1 and m at most 3/4, so from λ = 3/4 · 2²⁴ on, no
#: difference in entropy outweighs that of two peaks above 1/2 which float32 tells apart: neurons
#: are ranked by their peaks, and larger λ rank them the same.
LAMBDA_BOUND = LAMBDA_BRACKET[1] * 2**26
_EPS = 1e-12  # inside the logarithm, as in the release

METHOD = Method(
    about="The paper's method: specific, related and general neurons",
    related=True,
    parameters={
        "top_rate": TOP_RATE,
        "threshold_quantile": THRESHOLD_QUANTILE,
        "lambda": LAMBDA,
    },
)


def select(
    probabilities: np.ndarray,
    top_rate: float = 0.01,
    threshold_quantile: float = 0.95,
    lambda_: float | None = None,
) -> Selection:
    """Select the neurons with the lowest score ``s = H / ln K − λ · max p / m``.

    Parameters
    ----------
    probabilities
        Activation probabilities (L, D, K).
    top_rate
        Share of all neurons to select, in (0, 1).
    threshold_quantile
        Share of all probabilities at or below τ.
    lambda_
        Weight of the peak probability, on the release's scale; None searches for the largest at
        which no selected neuron is active for all languages (`_search`).

    Returns
    -------
    Selection
        ``parameters`` holds top_rate, threshold_quantile, lambda, lambda_paper, lambda_holds:
        whether no selected neuron is active for all languages at that λ, and lambda_unbounded:
        whether the search found no λ at which one is; None without a search.
    """
    K = probabilities.shape[-1]
    number = round(top_rate * probabilities[..., 0].size)
    threshold = activity_threshold(probabilities, threshold_quantile)
    in_all = (probabilities > threshold).all(axis=-1)
    evenness, peak = _evenness_and_peak(probabilities)

    def holds(weight: float) -> bool:
        return not (lowest(evenness - weight * peak, number) & in_all).any()

    weight, unbounded = _search(holds) if lambda_ is None else (lambda_, None)
    scores = evenness - weight * peak
    return Selection(
        score=scores,
        selected=lowest(scores, number),
        threshold=threshold,
        parameters={
            "top_rate": top_rate,
            "threshold_quantile": threshold_quantile,
            "lambda": weight,
            "lambda_paper": weight * float(np.log(K)) / _scale(K),
            "lambda_holds": holds(weight),
            "lambda_unbounded": unbounded,
        },
    )


def score(
    probabilities: np.ndarray, _threshold: float, parameters: Mapping[str, float | bool | None]
) -> np.ndarray:
    """``H / ln K − λ · max p / m`` (L, D), with λ as ``parameters`` have it."""
    evenness, peak = _evenness_and_peak(probabilities)
    return evenness - parameters["lambda"] * peak


def _evenness_and_peak(probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``H / ln K`` and ``max p / m``, (L, D) each."""
    K = probabilities.shape[-1]
    peak = probabilities.max(axis=-1).astype(np.float64) / _scale(K)
    return _entropy(probabilities) / np.log(K), peak


def _scale(K: int) -> float:
    """m: the mean of 1 / N over N = 1..K."""
    return sum(1 / n for n in range(1, K + 1)) / K


def _entropy(probabilities: np.ndarray) -> np.ndarray:
    """Entropy in nats of p over languages, (L, D); uniform where a neuron is never active."""
    share = sorted_shares(probabilities, silent=1 / probabilities.shape[-1])
    return -(share * np.log(share + _EPS)).sum(axis=-1)


def _search(holds: Callable[[float], bool]) -> tuple[float, bool]:
    """Largest λ for which ``holds``, to within `LAMBDA_TOLERANCE`.

    The upper end of the release's bracket is doubled until it does not hold, then the release's
    bisection narrows the last bracket. That is the largest as long as ``holds`` fails once and for
    all as λ grows. Nothing guarantees this: the neuron with N = K that a higher λ selects can lose
    its place again to one with a higher peak. What is returned has been tried, and so has a λ above
    it that does not hold, by no more than the tolerance; beyond that one, nothing is looked for.

    Returns
    -------
    tuple
        λ, or 0 where no λ that was tried holds; and whether no bound was found: every λ that was
        tried holds, and the one returned is `LAMBDA_BOUND`.
    """
    low, high = LAMBDA_BRACKET
    while holds(high):
        if high >= LAMBDA_BOUND:
            return high, True
        low, high = high, 2 * high
    while high - low > LAMBDA_TOLERANCE:
        middle = (low + high) / 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low, False
