"""Claims that another method's selection shows the same: else it is the method that shows it."""

from collections.abc import Mapping

import pandas as pd

from langneurons.claims.layers import PHASES, Numbers, per_layer
from langneurons.claims.verdicts import (
    Claim,
    Finding,
    by_draws,
    by_interval,
    counts_from,
    untested,
)
from langneurons.neurons.types import RELATED, SPECIFIC
from langneurons.uncertainty.resampling import Units

_ALONE = "one method: name another under neurons"


def pattern_findings(
    others: Mapping[str, Numbers], segments: pd.DataFrame, share: float
) -> list[Finding]:
    """Judge whether language neurons of other methods are few in phase 2.

    Parameters
    ----------
    others
        Method → its numbers of neurons, of the same model on the same data.
    segments, share
        As for `langneurons.claims.layers.layer_findings`: the phases are those of the method that
        the other claims are about.
    """
    found = []
    for method, numbers in others.items():
        claim = _pattern(method)
        if len(segments) != PHASES:
            found += untested([claim], f"there are {len(segments)} phases (phases.segments)")
            continue
        by_phase = per_layer(numbers, segments)
        language = by_phase[..., SPECIFIC] + by_phase[..., RELATED]  # (1 + R, S)
        fewer, middle = language[:, [0, 2]].min(axis=1), language[:, 1]
        margin = counts_from(share, middle[0])
        found.append(by_draws(claim, fewer - middle, numbers.units, margin))
    return found or untested([_pattern("another method")], _ALONE)


def fall_findings(others: Mapping[str, tuple[pd.DataFrame, Units]], share: float) -> list[Finding]:
    """Judge whether specific neurons of other methods become fewer.

    Parameters
    ----------
    others
        Method → `TOTALS` of the same comparison, and what its intervals are over.
    share
        A change counts from this share of the number before on, or from one neuron.
    """
    found = []
    for method, (totals, units) in others.items():
        row = totals[totals["type"] == "specific"].iloc[0]
        interval = (-row["change_high"], -row["change_low"])
        margin = counts_from(share, row["before"])
        found.append(by_interval(_fall(method), -row["change"], interval, units, margin))
    return found or untested([_fall("another method")], _ALONE)


def _pattern(method: str) -> Claim:
    return _by(
        method,
        "language_more_in_1_and_3",
        "language neurons per layer are more in phases 1 and 3 than in phase 2.",
    )


def _fall(method: str) -> Claim:
    return _by(
        method,
        "specific_changed_in_total",
        "there are fewer specific neurons in total after the alignment.",
    )


def _by(method: str, key: str, statement: str) -> Claim:
    key = f"{key}_by_{method.replace(' ', '_')}"
    return Claim("other methods", key, f"Selected by {method}, {statement}")
