"""Tests: p of an estimate with an interval, and p of several tests together."""

import numpy as np
from scipy.special import stdtr, stdtrit

#: The quantile at the upper end of a 95 % interval.
_UPPER = 0.975


def p_of_interval(estimate: float, low: float, high: float, units: int) -> float:
    """Return the two-sided p, by Student's t, of an estimate being 0.

    Parameters
    ----------
    estimate
        A number.
    low, high
        Its 95 % interval, made by `t_interval` or `mean_interval`. Of another interval, half of its
        width is taken, and p is approximate.
    units
        Number of units that the interval is over; t has a degree of freedom less.

    Returns
    -------
    float
        NaN without an interval. 0 if the interval has no width and the estimate is not 0, else 1.
    """
    half = (high - low) / 2
    if np.isnan(half):
        return np.nan
    if half == 0:
        return float(estimate == 0)
    t = abs(estimate) / half * stdtrit(units - 1, _UPPER)
    return float(2 * stdtr(units - 1, -t))


def holm(p: np.ndarray) -> np.ndarray:
    """Adjust p values so that of all tests the chance of one false positive is kept (Holm 1979).

    Parameters
    ----------
    p
        (n,); NaN where nothing was tested, which then does not count.

    Returns
    -------
    numpy.ndarray
        (n,): with the k-th smallest of m values times m − k + 1, the largest so far, at most 1.
    """
    p = np.asarray(p, dtype=np.float64)
    adjusted = np.full(p.shape, np.nan)
    order = np.argsort(p)[: np.count_nonzero(~np.isnan(p))]  # NaN sorts last
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted
