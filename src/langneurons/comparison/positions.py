"""Which individual neurons keep their type: overlap and transitions (METHOD 4)."""

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import artefact
from langneurons.neurons.types import TYPES, Neurons
from langneurons.uncertainty.overlaps import mean_overlap
from langneurons.uncertainty.resampling import FOLDS, Units

#: One row per type (table 4). ``overlap`` is both / first, null if the reference has none;
#: ``overlap_low`` to ``overlap_high`` is its 95 % interval over texts, null where there are too few
#: or none are drawn. ``expected`` is the overlap that random neurons would have, as many in each
#: layer; ``ceiling`` that of the first with itself on other texts, null where it is not known.
OVERLAP = artefact(
    "overlap",
    "first string, second string, type string, n_first int64, n_second int64, n_both int64, "
    "overlap float64?, overlap_low float64?, overlap_high float64?, jaccard float64?, "
    "expected float64?, ceiling float64?",
    version=3,
)
#: One row per type before × type after; ``share`` is of the neurons of the type before, with its
#: 95 % interval over texts.
TRANSITIONS = artefact(
    "transitions",
    "type_before string, type_after string, neurons int64, share float64?, share_low float64?, "
    "share_high float64?",
    version=2,
)


_NO_DRAWS = np.empty((0, len(TYPES), len(TYPES)))
_NO_UNITS = Units(0, FOLDS)
_UNKNOWN = np.full(len(TYPES), np.nan)


def overlap(
    first: Neurons,
    second: Neurons,
    names: tuple[str, str],
    draws: np.ndarray = _NO_DRAWS,
    units: Units = _NO_UNITS,
    ceiling: np.ndarray = _UNKNOWN,
) -> pd.DataFrame:
    """Positions of each type that the second shares with the first, the reference.

    Parameters
    ----------
    names
        Names of the two in the table, the reference first.
    draws
        (R, 4, 4): `transition_counts` in each draw of the texts.
    units
        What was drawn.
    ceiling
        (4,): the `langneurons.comparison.ceiling.split_half_ceiling` of the first.
    """
    crossing = transition_counts(first, second)
    both = np.diag(crossing).astype(float)
    n_first, n_second = crossing.sum(axis=1), crossing.sum(axis=0)
    low, high = units.interval(kept_shares(crossing), kept_shares(draws))
    return pd.DataFrame(
        {
            "first": names[0],
            "second": names[1],
            "type": TYPES,
            "n_first": n_first,
            "n_second": n_second,
            "n_both": both.astype(np.int64),
            "overlap": kept_shares(crossing),
            "overlap_low": low,
            "overlap_high": high,
            "jaccard": _ratio(both, n_first + n_second - both),
            "expected": _ratio(_by_chance(first, second), n_first),
            "ceiling": ceiling,
        }
    )


def transitions(
    before: Neurons, after: Neurons, draws: np.ndarray = _NO_DRAWS, units: Units = _NO_UNITS
) -> pd.DataFrame:
    """Transition matrix of individual neurons from type to type, in long form.

    Parameters
    ----------
    draws, units
        As for `overlap`.
    """
    crossing = transition_counts(before, after)
    share = _shares(crossing)
    low, high = units.interval(share, _shares(draws))
    return pd.DataFrame(
        {
            "type_before": np.repeat(TYPES, len(TYPES)),
            "type_after": list(TYPES) * len(TYPES),
            "neurons": crossing.reshape(-1),
            "share": share.reshape(-1),
            "share_low": low.reshape(-1),
            "share_high": high.reshape(-1),
        }
    )


def transition_counts(before: Neurons, after: Neurons) -> np.ndarray:
    """Contingency table (4, 4): neurons by type before (rows) and after (columns)."""
    T = len(TYPES)
    pairs = before.kind.astype(np.intp) * T + after.kind
    return np.bincount(pairs.reshape(-1), minlength=T * T).reshape(T, T)


def kept_shares(crossing: np.ndarray) -> np.ndarray:
    """Share of the neurons of each type before that have it after, (…, 4)."""
    return np.diagonal(_shares(crossing), axis1=-2, axis2=-1)


def _by_chance(first: Neurons, second: Neurons) -> np.ndarray:
    """Mean number of positions that random neurons share, as many of each type in each layer."""
    return mean_overlap(first.by_layer, second.by_layer, first.kind.shape[1])


def _shares(crossing: np.ndarray) -> np.ndarray:
    """Shares of the neurons of each type before, (…, 4, 4)."""
    return _ratio(crossing.astype(float), crossing.sum(axis=-1, keepdims=True))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    whole = np.broadcast_to(whole, part.shape)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
