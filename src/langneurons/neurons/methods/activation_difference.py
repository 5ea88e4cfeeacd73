"""The simple baseline: how far p rises above its mean over the other languages (METHOD 8)."""

from collections.abc import Mapping

import numpy as np

from langneurons.neurons.methods.declaration import THRESHOLD_QUANTILE, TOP_RATE, Method
from langneurons.neurons.methods.selection import Selection, by_score

METHOD = Method(
    about="Activation difference: p in one language less its mean over the others, as a baseline",
    related=True,
    parameters={
        "top_rate": TOP_RATE,
        "threshold_quantile": THRESHOLD_QUANTILE,
    },
)


def select(
    probabilities: np.ndarray, top_rate: float = 0.01, threshold_quantile: float = 0.95
) -> Selection:
    """Select the neurons whose peak is farthest above their mean over the other languages.

    Parameters
    ----------
    probabilities
        Activation probabilities (L, D, K).
    top_rate, threshold_quantile
        See `METHOD`.
    """
    return by_score(score, probabilities, top_rate, threshold_quantile)


def score(
    probabilities: np.ndarray, _threshold: float, _parameters: Mapping[str, float | bool | None]
) -> np.ndarray:
    """``−max_k d[k]`` (L, D), where d is p less its mean over the other K − 1 languages.

    NaN where p is the same in all languages. The largest d is that of the peak:
    d = K / (K − 1) · (p − mean p).
    """
    # Sorted and in C order, so that the order of languages cannot change a sum's last bit.
    p = np.sort(probabilities.astype(np.float64, order="C"), axis=-1)
    difference = p[..., -1] - p[..., :-1].mean(axis=-1)
    return np.where(difference > 0, -difference, np.nan)
