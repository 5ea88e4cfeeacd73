"""Language activation probability entropy (Tang et al., arXiv 2402.16438; METHOD 7)."""

from collections.abc import Mapping

import numpy as np

from langneurons.neurons.methods.declaration import THRESHOLD_QUANTILE, TOP_RATE, Method
from langneurons.neurons.methods.selection import Selection, by_score, sorted_shares

#: LAPE knows only language-specific neurons: every selected neuron is one, for each of its N
#: languages, unless these are all languages.
METHOD = Method(
    about="Language activation probability entropy (LAPE)",
    related=False,
    parameters={
        "top_rate": TOP_RATE,
        "threshold_quantile": THRESHOLD_QUANTILE,
    },
)


def select(
    probabilities: np.ndarray, top_rate: float = 0.01, threshold_quantile: float = 0.95
) -> Selection:
    """Select the neurons with the lowest entropy among those active for at least one language.

    Parameters
    ----------
    probabilities
        Activation probabilities (L, D, K).
    top_rate, threshold_quantile
        See `METHOD`.
    """
    return by_score(score, probabilities, top_rate, threshold_quantile)


def score(
    probabilities: np.ndarray, threshold: float, _parameters: Mapping[str, float | bool | None]
) -> np.ndarray:
    """Entropy (L, D) of neurons active for at least one language, NaN of the others."""
    candidate = (probabilities > threshold).any(axis=-1)
    return np.where(candidate, _entropy(probabilities), np.nan)


def _entropy(probabilities: np.ndarray) -> np.ndarray:
    """Entropy in nats (L, D) with 0 · ln 0 = 0, and 0 for a neuron that is never active."""
    share = sorted_shares(probabilities, silent=0)
    logarithm = np.log(share, out=np.zeros_like(share), where=share > 0)
    return -(share * logarithm).sum(axis=-1)
