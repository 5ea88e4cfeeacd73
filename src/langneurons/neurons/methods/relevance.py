"""Necessity in place of activity: |activation × gradient|, typed as the paper types activity.

After the idea of CRANE (arXiv 2601.04664), whose formulas are not public: no variant of it is
called the original.
"""

import numpy as np

from langneurons.neurons.methods import ternary
from langneurons.neurons.methods.declaration import LAMBDA, THRESHOLD_QUANTILE, TOP_RATE, Method

METHOD = Method(
    about="Relevance: |activation × gradient of the NLL|, typed by the score of `ternary`; one "
    "backward pass",
    related=True,
    parameters={
        "top_rate": TOP_RATE,
        "threshold_quantile": THRESHOLD_QUANTILE,
        "lambda": LAMBDA,
    },
    statistic="relevance",
    gradients=True,
)
#: As relevant as this share of a layer's neurons are at most is half relevant.
_HALF = 0.95

select, score = ternary.select, ternary.score


def normalised(relevance: np.ndarray) -> np.ndarray:
    """``p = r / (r + c)``, where c is the 0.95-quantile of r in the same layer and language.

    How large gradients are differs between languages (the NLL of some is higher, and texts are
    longer) and between layers, for reasons that no neuron has. c takes both out: p is the same if
    all relevances of one layer in one language are multiplied by a number. p is between 0 and 1, so
    that λ weighs it as it weighs a probability; below c it is nearly proportional to r, so that
    shares over languages are those of r; above, one outlier cannot outweigh all others. About 5 %
    of the p of each layer and language are above 1/2, which is where τ lies at its default.

    Parameters
    ----------
    relevance
        Mean over response tokens of |a · ∂NLL/∂a|, (L, D, K).
    """
    rank = max(round(_HALF * relevance.shape[1]), 1) - 1
    half = np.partition(relevance, rank, axis=1)[:, rank : rank + 1]  # (L, 1, K)
    total = relevance + half
    return np.divide(relevance, total, out=np.zeros_like(relevance), where=total > 0)
