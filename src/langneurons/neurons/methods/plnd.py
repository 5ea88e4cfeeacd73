"""Neurons among the most important of their layer in every text of a language (METHOD 8).

After Zhao et al. (arXiv 2402.18815), "parallel language-specific neuron detection". What is public
of it admits of two readings, both of which are variants of the statistic; neither is called the
original.
"""

from collections.abc import Mapping

import numpy as np

from langneurons.neurons.methods.declaration import Method, Parameter
from langneurons.neurons.methods.selection import Selection

METHOD = Method(
    about="PLND: among the most important neurons of the layer in every text of a language; the "
    "section `importance` says how that is measured",
    related=True,
    parameters={
        "consistency": Parameter(
            1.0,
            "share of a language's texts in which a neuron of the language is among the most "
            "important of its layer; lower it where none is left",
            above=0,
            at_most=1,
            varied=(0.5, 0.8, 0.9, 1.0),
        ),
    },
    statistic="importance/ffn",
)


class Consistent(Selection):
    """All neurons of any language: there is no cut-off of the score."""

    def reach_cutoff(self, score: np.ndarray) -> np.ndarray:
        """Boolean mask (L, D) of another model's neurons that belong to any language."""
        return ~np.isnan(score)


def select(probabilities: np.ndarray, consistency: float = 1.0) -> Selection:
    """Select the neurons that belong to at least one language.

    Parameters
    ----------
    probabilities
        Shares of texts in which a neuron is a hit, float32 (L, D, K).
    consistency
        See `METHOD`. It is reached where it is equalled: τ is the next smaller float32.
    """
    threshold = float(np.nextafter(np.float32(consistency), np.float32(0)))
    scores = score(probabilities, threshold, {})
    return Consistent(scores, ~np.isnan(scores), threshold, {"consistency": consistency})


def score(
    probabilities: np.ndarray, threshold: float, _parameters: Mapping[str, float | bool | None]
) -> np.ndarray:
    """The mean share of hits over all languages, (L, D); NaN of neurons that belong to none.

    Of two neurons that are hits in all texts of a language, the one with fewer hits in the other
    languages is more bound to it.
    """
    # Sorted and in C order, so that the order of languages cannot change a sum's last bit.
    mean = np.sort(probabilities.astype(np.float64, order="C"), axis=-1).mean(axis=-1)
    return np.where((probabilities > threshold).any(axis=-1), mean, np.nan)
