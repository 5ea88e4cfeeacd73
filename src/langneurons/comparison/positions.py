"""Which individual neurons keep their type: overlap and transitions (METHOD 4)."""

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import artefact
from langneurons.neurons.types import TYPES, Neurons

#: One row per type (table 4). ``overlap`` is both / first, null if the reference has none.
OVERLAP = artefact(
    "overlap",
    "first string, second string, type string, n_first int64, n_second int64, n_both int64, "
    "overlap float64?, jaccard float64?",
)
#: One row per type before × type after; ``share`` is of the neurons of the type before.
TRANSITIONS = artefact(
    "transitions", "type_before string, type_after string, neurons int64, share float64?"
)


def overlap(first: Neurons, second: Neurons, names: tuple[str, str]) -> pd.DataFrame:
    """Positions of each type that the second shares with the first, the reference.

    Parameters
    ----------
    names
        Names of the two in the table, the reference first.
    """
    crossing = transition_counts(first, second)
    both = np.diag(crossing).astype(float)
    n_first, n_second = crossing.sum(axis=1), crossing.sum(axis=0)
    return pd.DataFrame(
        {
            "first": names[0],
            "second": names[1],
            "type": TYPES,
            "n_first": n_first,
            "n_second": n_second,
            "n_both": both.astype(np.int64),
            "overlap": _ratio(both, n_first),
            "jaccard": _ratio(both, n_first + n_second - both),
        }
    )


def transitions(before: Neurons, after: Neurons) -> pd.DataFrame:
    """Transition matrix of individual neurons from type to type, in long form."""
    crossing = transition_counts(before, after)
    share = _ratio(crossing.astype(float), crossing.sum(axis=1, keepdims=True))
    return pd.DataFrame(
        {
            "type_before": np.repeat(TYPES, len(TYPES)),
            "type_after": list(TYPES) * len(TYPES),
            "neurons": crossing.reshape(-1),
            "share": share.reshape(-1),
        }
    )


def transition_counts(before: Neurons, after: Neurons) -> np.ndarray:
    """Contingency table (4, 4): neurons by type before (rows) and after (columns)."""
    T = len(TYPES)
    pairs = before.kind.astype(np.intp) * T + after.kind
    return np.bincount(pairs.reshape(-1), minlength=T * T).reshape(T, T)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    whole = np.broadcast_to(whole, part.shape)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
