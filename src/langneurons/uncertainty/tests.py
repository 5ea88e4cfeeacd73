"""Tests: p of an estimate with an interval, and p of several tests together."""

import numpy as np

from langneurons.uncertainty.resampling import FEWEST_UNITS

#: The quantile at the upper end of a 95 % interval.
_UPPER = 0.975


def p_of_interval(estimate: float, low: float, high: float, units: int) -> float:
    """Return the two-sided p, by Student's t, of an estimate being 0.

    Parameters
    ----------
    estimate
        A number.
    low, high
        Its 95 % interval, made by `Units.interval` or `mean_interval`. Of another interval, half of
        its width is taken, and p is approximate.
    units
        Number of units that the interval is over; t has a degree of freedom less.

    Returns
    -------
    float
        NaN without an interval. 0 if the interval has no width and the estimate is not 0, else 1.
    """
    from scipy.special import stdtr, stdtrit  # late, as in `langneurons.uncertainty.resampling`

    half = (high - low) / 2
    if np.isnan(half):
        return np.nan
    if half == 0:
        return float(estimate == 0)
    t = abs(estimate) / half * stdtrit(units - 1, _UPPER)
    return float(2 * stdtr(units - 1, -t))


def p_of_mean(values: np.ndarray) -> np.ndarray:
    """Return the two-sided p, by Student's t, of each mean over units being 0.

    Parameters
    ----------
    values
        (…, n): a number a unit, such as a paired difference; NaN of units that have none.

    Returns
    -------
    numpy.ndarray
        (…), NaN with fewer than `FEWEST_UNITS` numbers. Of equal numbers, 1 if they are 0, else 0.
    """
    from scipy.special import stdtr

    units = np.count_nonzero(~np.isnan(values), axis=-1)
    enough = units >= FEWEST_UNITS
    p = np.full(units.shape, np.nan)
    kept, n = values[enough], units[enough]
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0 is dealt with, inf − inf is NaN
        mean, error = np.nanmean(kept, axis=-1), np.nanstd(kept, axis=-1, ddof=1) / np.sqrt(n)
        t = np.abs(mean) / error
    p[enough] = np.where(error == 0, mean == 0, 2 * stdtr(n - 1, -t))
    return p


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


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Adjust p values to be the share of false positives (Benjamini & Hochberg 1995).

    Calling those below 0.05 positive, at most 5 % of the positives are expected to be false.

    Parameters
    ----------
    p
        (n,); NaN where nothing was tested, which then does not count.

    Returns
    -------
    numpy.ndarray
        (n,): with the k-th smallest of m values times m / k, the smallest from there on.
    """
    from scipy.stats import false_discovery_control  # scipy.stats takes a second to import

    p = np.asarray(p, dtype=np.float64)
    adjusted = np.full(p.shape, np.nan)
    tested = ~np.isnan(p)
    if tested.any():
        adjusted[tested] = false_discovery_control(p[tested])
    return adjusted
