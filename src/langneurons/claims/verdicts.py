"""How a claim is judged: its estimate and interval, a margin, and p after Holm (METHOD 10)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import artefact
from langneurons.uncertainty.resampling import FOLDS, TOKENS, Units, mean_interval
from langneurons.uncertainty.tests import holm, p_of_interval

#: One row per claim. ``estimate`` is a number that is above 0 if the claim is true or, of a claim
#: that there is no effect, the effect. ``low`` to ``high`` is its 95 % interval, for this claim
#: alone; ``p`` is two-sided, ``p_holm`` adjusted for all claims of the table. An effect counts from
#: ``margin`` on. ``section`` is a figure or table of the paper. ``verdict``: see `verdict`.
CLAIMS = artefact(
    "claims",
    "group string, claim string, statement string, section string?, estimate float64?, "
    "low float64?, high float64?, margin float64?, p float64?, p_holm float64?, verdict string, "
    "reason string",
)
SUPPORTED, CONTRADICTED = "supported", "contradicted"
INCONCLUSIVE, NOT_TESTED = "inconclusive", "not tested"
VERDICTS = (SUPPORTED, CONTRADICTED, INCONCLUSIVE, NOT_TESTED)

#: Kinds of claims: that there is an effect, that there is none, and that the layers have an order.
EFFECT, NO_EFFECT, ORDER = "effect", "no effect", "order"
#: Why such a claim is neither supported nor contradicted, whatever its interval (METHOD 10).
ONE_FOLD = "one fold: the interval is over tokens only, not over problems"
_LEVEL = 0.05


@dataclass(frozen=True)
class Claim:
    """A published finding, in our words."""

    group: str
    """What it is about."""
    key: str
    """Its short name."""
    statement: str
    """One sentence."""
    section: str | None = None
    """The figure or table of the paper that shows it."""
    kind: str = EFFECT
    """`EFFECT`, `NO_EFFECT` or `ORDER`."""


@dataclass(frozen=True)
class Finding:
    """What was found about a claim; the columns of `CLAIMS`."""

    claim: Claim
    estimate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    margin: float = np.nan
    p: float = np.nan
    settled: str = ""
    """The verdict, where no test can give one; ``reason`` says why."""
    reason: str = ""
    """What else there is to know."""


def untested(claims: Sequence[Claim], reason: str) -> list[Finding]:
    """Return the findings of claims for which there is nothing to test."""
    return [Finding(claim, settled=NOT_TESTED, reason=reason) for claim in claims]


def without(units: Units) -> str:
    """Return the verdict without an interval: if of texts, they were never drawn."""
    return NOT_TESTED if units.name in (FOLDS, TOKENS) else INCONCLUSIVE


def by_draws(claim: Claim, statistic: np.ndarray, units: Units, margin: float) -> Finding:
    """Return the finding of a statistic and its replicates.

    Parameters
    ----------
    statistic
        (1 + R,): the estimate, then its value in each draw of the units.
    """
    low, high = units.interval(statistic[0], statistic[1:])
    return by_interval(claim, statistic[0], (float(low), float(high)), units, margin)


def by_mean(claim: Claim, values: pd.Series, units: str, margin: float) -> Finding:
    """Return the finding of a mean over units, such as problems.

    Parameters
    ----------
    values
        A number for each unit; those that have none are left out.
    """
    known = values.dropna().to_numpy(dtype=float)
    if not len(known):
        return by_interval(claim, np.nan, (np.nan, np.nan), Units(0, units), margin)
    low, high = mean_interval(known)
    interval = (float(low), float(high))
    return by_interval(claim, known.mean(), interval, Units(len(known), units), margin)


def by_interval(
    claim: Claim,
    estimate: float,
    interval: tuple[float, float],
    units: Units,
    margin: float,
    reason: str = "",
) -> Finding:
    """Return the finding of an estimate and its 95 % interval, NaN where there is none."""
    estimate, (low, high) = float(estimate), interval
    if np.isnan(estimate):
        return untested([claim], "there is nothing to measure it on")[0]
    few = ""
    if units.number < units.fewest:
        few = f"{units}: an interval needs {units.fewest}"
    elif np.isnan(low):
        few = "without draws of the texts there is no interval: uncertainty.replicates"
    if few:
        said = "; ".join(filter(None, [few, reason]))
        return Finding(claim, estimate, margin=margin, settled=without(units), reason=said)
    if units.name == TOKENS:
        said = "; ".join(filter(None, [ONE_FOLD, reason]))
        return Finding(claim, estimate, low, high, margin, settled=INCONCLUSIVE, reason=said)
    tested = claim.kind == EFFECT
    p = p_of_interval(estimate, low, high, units.number) if tested else np.nan
    return Finding(claim, estimate, low, high, margin, p, reason=reason)


def judge(findings: Sequence[Finding]) -> pd.DataFrame:
    """Return the table `CLAIMS` of findings, with p adjusted for all of them."""
    adjusted = holm(np.array([one.p for one in findings]))
    rows = []
    for one, p_holm in zip(findings, adjusted, strict=True):
        decided, why = one.settled, ""
        if not decided:
            numbers = (one.estimate, one.low, one.high, one.margin)
            decided, why = verdict(one.claim.kind, *numbers, p_holm)
        rows.append(
            {
                "group": one.claim.group,
                "claim": one.claim.key,
                "statement": one.claim.statement,
                "section": one.claim.section,
                "estimate": one.estimate,
                "low": one.low,
                "high": one.high,
                "margin": one.margin,
                "p": one.p,
                "p_holm": p_holm,
                "verdict": decided,
                "reason": "; ".join(filter(None, [why, one.reason])),
            }
        )
    return pd.DataFrame(rows, columns=CLAIMS.names)


def verdict(
    kind: str, estimate: float, low: float, high: float, margin: float, p_holm: float
) -> tuple[str, str]:
    """Judge a claim.

    Parameters
    ----------
    kind
        `EFFECT`: the estimate is above 0 if the claim is true. `NO_EFFECT`: it is nearer to 0 than
        the margin. `ORDER`: it is above 0, and ``p_holm`` is the share of other orders that do as
        well, adjusted; there is no interval.
    estimate, low, high, margin, p_holm
        As in `CLAIMS`.

    Returns
    -------
    verdict, reason
        One of `VERDICTS` but for not tested, and what decided it.
    """
    if kind == ORDER:
        return _order(estimate, p_holm)
    within = -margin < low and high < margin
    if kind == NO_EFFECT:
        if within:
            return SUPPORTED, "the whole interval is within the margin"
        if low >= margin or high <= -margin:
            return CONTRADICTED, "the whole interval is outside the margin"
        return INCONCLUSIVE, "the interval reaches across the margin"
    if within:
        return CONTRADICTED, "the whole interval is within the margin: there is no such effect"
    if low <= 0 <= high:
        return INCONCLUSIVE, "the interval holds 0"
    if not p_holm < _LEVEL:
        return INCONCLUSIVE, f"p = {p_holm:.2g} after Holm, with all claims of the table"
    if high < 0:
        return CONTRADICTED, "the whole interval is below 0"
    if estimate < margin:
        return INCONCLUSIVE, "above 0, but the estimate is below the margin"
    return SUPPORTED, "the whole interval is above 0, and the estimate reaches the margin"


def counts_from(share: float, number: float) -> float:
    """Return the margin of a number of neurons: a share of it, or one neuron."""
    return max(share * float(number), 1.0)


def _order(estimate: float, p_holm: float) -> tuple[str, str]:
    if estimate <= 0:
        return CONTRADICTED, "other orders do as well on average"
    if p_holm < _LEVEL:
        return SUPPORTED, "few other orders do as well"
    return INCONCLUSIVE, f"p = {p_holm:.2g} after Holm: other orders do as well too often"
