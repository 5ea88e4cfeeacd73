"""Bootstrap draws and intervals: how far a number would move with other data.

A bootstrap draws as many units as there are, with replacement, and recomputes a statistic on each
draw. Units must be independent of one another: problems (with everything measured on them), or
folds of problems.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Bounds of a 95 % interval.
_PERCENTILES = (2.5, 97.5)
#: With fewer units, a spread over draws of them says too little (METHOD 10).
FEWEST_UNITS = 10
#: With fewer seeds, their spread says nothing (METHOD 10).
FEWEST_SEEDS = 3
#: Names of units, of which texts are drawn.
FOLDS, TOKENS = "folds", "tokens"


@dataclass(frozen=True)
class Units:
    """The units that an interval is over."""

    number: int
    name: str
    """`FOLDS`, `TOKENS`, ``problems``, ``seeds`` or ``data sets``."""

    @property
    def fewest(self) -> int:
        """The fewest that give an interval."""
        return FEWEST_UNITS if self.name in (FOLDS, TOKENS, "problems") else FEWEST_SEEDS

    def interval(
        self, estimate: np.ndarray, replicates: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the bounds of the 95 % interval estimate ± t · sd of the replicates (METHOD 10).

        It lies around the estimate, also where replicates are biased: percentiles would not. t has
        a degree of freedom less than there are units. But how far tokens spread is not estimated
        from a few units, but given by the binomial distribution: there t is the normal quantile.

        Parameters
        ----------
        estimate
            (…): each statistic on the data themselves.
        replicates
            (R, …): its value in each draw of the units.

        Returns
        -------
        low, high
            (…), NaN with fewer than `fewest` units or fewer than two replicates.
        """
        estimate = np.asarray(estimate, dtype=np.float64)
        if self.number < self.fewest or len(replicates) < 2:
            absent = np.full(estimate.shape, np.nan)
            return absent, absent
        freedom = np.inf if self.name == TOKENS else self.number - 1
        half = _t(freedom) * np.std(replicates, axis=0, ddof=1)
        return estimate - half, estimate + half

    def __str__(self) -> str:
        return f"{self.number} {self.name.removesuffix('s') if self.number == 1 else self.name}"


def draw_weights(present: np.ndarray, replicates: int, seed: int) -> np.ndarray:
    """Draw how often each unit counts in each replicate.

    For statistics that are ratios of sums over units: a matrix product with the weights gives
    all replicates at once.

    Parameters
    ----------
    present
        Boolean, (U,): the units that can be drawn, at least one.
    replicates
        Number R of draws.
    seed
        Seed of the random numbers; equal seeds give equal draws of the same units.

    Returns
    -------
    numpy.ndarray
        int64, (R, U): each row sums to the number of units that can be drawn.
    """
    units = int(present.sum())
    return np.random.default_rng(seed).multinomial(units, present / units, size=replicates)


def draw_indices(units: int, replicates: int, seed: int) -> np.ndarray:
    """Draw the units of each replicate by their index, int64, (R, U).

    For statistics that need the drawn values themselves. The draws differ from those of
    `draw_weights` with the same seed: results made with one would change if made with the other.
    """
    return np.random.default_rng(seed).integers(units, size=(replicates, units))


def percentile_interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of the 95 % interval of each statistic.

    Parameters
    ----------
    values
        (R, …): each replicate's statistics, NaN where a replicate has none; R may be 0.

    Returns
    -------
    low, high
        (…), NaN where no replicate has a number.
    """
    values = np.asarray(values, dtype=np.float64)
    if not len(values):
        absent = np.full(values.shape[1:], np.nan)
        return absent, absent
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # cells without a number stay NaN
        low, high = np.nanpercentile(values, _PERCENTILES, axis=0)
    return low, high


def mean_interval(
    values: np.ndarray, least: float = 0.0, fewest: int = FEWEST_SEEDS
) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of the 95 % interval of a mean, by Student's t.

    Parameters
    ----------
    values
        (S, …): independent measurements, such as one per seed.
    least
        The interval reaches at least so far to either side, however much they agree.
    fewest
        The fewest measurements that have one.

    Returns
    -------
    low, high
        (…), NaN with fewer than ``fewest``.
    """
    mean, n = np.mean(values, axis=0), len(values)
    if n < fewest:
        absent = np.full(mean.shape, np.nan)
        return absent, absent
    error = np.std(values, axis=0, ddof=1) / np.sqrt(n)
    half = np.maximum(_t(n - 1) * error, least)
    return mean - half, mean + half


def with_interval(name: str, values: np.ndarray) -> dict[str, Any]:
    """Return a mean over units, the first axis, and its 95 % interval, under names of columns.

    Parameters
    ----------
    values
        (U, …).

    Returns
    -------
    dict
        ``name``, ``{name}_low`` and ``{name}_high``: (…), the interval by Student's t, NaN with
        fewer than `FEWEST_UNITS` units; without any, so is the mean.
    """
    if len(values):
        mean, (low, high) = np.mean(values, axis=0), mean_interval(values, fewest=FEWEST_UNITS)
    else:
        mean = low = high = np.full(values.shape[1:], np.nan)
    ends = {name: mean, f"{name}_low": low, f"{name}_high": high}
    return {column: np.asarray(number)[()] for column, number in ends.items()}


def _t(freedom: float) -> float:
    """Half the width of a 95 % interval, in standard errors, with these degrees of freedom."""
    from scipy.special import stdtrit  # late: what only shows results needs no scipy, and soon

    return float(stdtrit(freedom, _PERCENTILES[1] / 100))
