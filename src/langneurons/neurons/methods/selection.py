"""What every selection method returns, and the statistics that methods share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

#: A method's scores (L, D) of probabilities (L, D, K), given τ and its parameters.
Score = Callable[[np.ndarray, float, Mapping[str, float | bool | None]], np.ndarray]


@dataclass(frozen=True)
class Selection:
    """The neurons that a method selected.

    Attributes
    ----------
    score
        Array (L, D); lower is more language-bound, NaN for neurons that were not candidates.
    selected
        Boolean array (L, D).
    threshold
        τ: a neuron is active for a language if p > τ. NaN of a method that does not go by p.
    parameters
        Scalars that define the selection, as recorded in the summary artefact.
    """

    score: np.ndarray
    selected: np.ndarray
    threshold: float
    parameters: dict[str, float | bool | None]

    def reach_cutoff(self, score: np.ndarray) -> np.ndarray:
        """Boolean mask (L, D) of the neurons that reach this selection's cut-off s*.

        s* is the highest score that was selected. Of neurons that tie at it, no more are taken
        than were, the earlier first, so that the selection's own scores give the selection itself.

        Parameters
        ----------
        score
            Scores of another model's neurons, of the same shape.
        """
        if not self.selected.any():
            return np.zeros(score.shape, dtype=bool)
        cutoff = self.score[self.selected].max()
        taken = int(np.count_nonzero(self.selected & (self.score == cutoff)))
        ties = min(taken, int(np.count_nonzero(score == cutoff)))
        return lowest(score, int(np.count_nonzero(score < cutoff)) + ties)


def by_score(
    score: Score, probabilities: np.ndarray, top_rate: float, threshold_quantile: float
) -> Selection:
    """Select the neurons of lowest score, a share ``top_rate`` of all that there are.

    Parameters
    ----------
    score
        The method's.
    probabilities
        Activation probabilities (L, D, K).
    threshold_quantile
        Of all probabilities, for τ.
    """
    threshold = activity_threshold(probabilities, threshold_quantile)
    parameters: dict[str, float | bool | None] = {
        "top_rate": top_rate,
        "threshold_quantile": threshold_quantile,
    }
    scores = score(probabilities, threshold, parameters)
    selected = lowest(scores, round(top_rate * scores.size))
    return Selection(scores, selected, threshold, parameters)


def activity_threshold(probabilities: np.ndarray, quantile: float) -> float:
    """τ: the ``round(quantile · n)``-th smallest of all n probabilities (METHOD 2)."""
    values = probabilities.reshape(-1)
    rank = max(round(quantile * values.size), 1)
    return float(np.partition(values, rank - 1)[rank - 1])


def sorted_shares(probabilities: np.ndarray, silent: float) -> np.ndarray:
    """Shares p / Σ p over languages, sorted, float64 (L, D, K).

    Parameters
    ----------
    silent
        The share of each language for a neuron that is never active.
    """
    # Sorted and in C order, so that neither the order of languages nor the memory layout, which
    # sets the order of summation, can change a sum's last bit.
    p = np.sort(probabilities.astype(np.float64, order="C"), axis=-1)
    total = p.sum(axis=-1, keepdims=True)
    return np.divide(p, total, out=np.full_like(p, silent), where=total > 0)


def lowest(score: np.ndarray, number: int) -> np.ndarray:
    """Boolean mask of the ``number`` lowest scores, never NaN; ties go to the earlier neuron."""
    flat = score.reshape(-1)
    number = min(number, int(np.count_nonzero(~np.isnan(flat))))
    if number == 0:
        return np.zeros(score.shape, dtype=bool)
    # The λ search calls this ten times or more; partitioning takes a fraction of sorting's time.
    highest = np.partition(flat, number - 1)[number - 1]  # NaN sorts last
    selected = flat < highest
    ties = np.flatnonzero(flat == highest)
    selected[ties[: number - selected.sum()]] = True
    return selected.reshape(score.shape)
