"""Claims about one model's neurons by layer and by language, from draws of its texts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from langneurons.claims.verdicts import (
    INCONCLUSIVE,
    ONE_FOLD,
    ORDER,
    Claim,
    Finding,
    by_draws,
    counts_from,
    untested,
    without,
)
from langneurons.neurons.types import GENERAL, RELATED, SPECIFIC, TYPES
from langneurons.phases.expectations import expectations
from langneurons.phases.segmentation import TYPED, composition, segment, support
from langneurons.uncertainty.resampling import TOKENS, Units

#: The paper's phases.
PHASES = 4
#: BIC: a smaller difference is hardly worth a mention (Kass and Raftery 1995).
_BIC_MARGIN = 2.0
#: "Nearly vanish": at most this share of the smaller of the two peaks, as in the expectations.
_VANISHING_SHARE = 0.25

_PATTERN = [
    Claim(
        "layers",
        "language_more_in_1_than_2",
        "Specific and related neurons per layer are more in phase 1 than in phase 2.",
        "figure 3",
    ),
    Claim(
        "layers",
        "language_more_in_3_than_2",
        "Specific and related neurons per layer are more in phase 3 than in phase 2.",
        "figure 3",
    ),
    Claim(
        "layers",
        "language_vanish_in_2",
        "Phase 2 has less than a quarter of the specific and related neurons per layer of phases 1 "
        "and 3, whichever has fewer.",
        "figure 3",
    ),
    Claim(
        "layers",
        "general_dominate_2",
        "In phase 2, general neurons per layer are more than specific and related ones.",
        "figure 3",
    ),
    Claim(
        "layers",
        "general_fewest_in_3",
        "General neurons per layer are fewest in phase 3.",
        "figure 3",
    ),
    Claim(
        "layers",
        "general_rise_to_4",
        "General neurons per layer are more in phase 4 than in phase 3.",
        "figure 3",
    ),
]
_SUPPORT = {
    number: Claim(
        "layers",
        f"four_phases_over_{name}",
        f"Four phases describe the layers better than {name} (difference of BIC).",
        "figure 3",
    )
    for number, name in ((3, "three"), (5, "five"))
}
_ORDER = Claim(
    "layers",
    "pattern_of_layers",
    "The layers in their order meet more of the paper's six expectations than shifted round or "
    "reversed.",
    "figure 3",
    ORDER,
)


@dataclass(frozen=True)
class Numbers:
    """One model's numbers of neurons: the estimate at index 0, then R draws of its texts."""

    layers: np.ndarray
    """(1 + R, L, 4): by layer and type."""
    languages: np.ndarray
    """(1 + R, K, 2): specific and related neurons by language."""
    units: Units
    """What was drawn."""


def numbers_in_draws(certainty: pd.DataFrame, draws: pd.DataFrame, units: Units) -> Numbers:
    """Arrange one model's numbers, on all texts and in each draw of them.

    Parameters
    ----------
    certainty, draws
        `CERTAINTY` and `DRAWS`.
    units
        What was drawn.
    """
    values = np.array([certainty["estimate"], *draws["numbers"]])  # (1 + R, rows)

    def by(quantity: str, kinds: int) -> np.ndarray:
        own = (certainty["quantity"] == quantity).to_numpy()
        return values[:, own].reshape(len(values), -1, kinds).astype(np.int64)

    return Numbers(by("layer", len(TYPES)), by("language", 2), units)


def layer_findings(numbers: Numbers, segments: pd.DataFrame, share: float) -> list[Finding]:
    """Judge what the paper says of the layers.

    Parameters
    ----------
    segments
        Phases, with their ``first_layer``; held in all draws.
    share
        Differences count from this share of the number compared with on, or one neuron a layer.
    """
    if len(segments) != PHASES:
        reason = f"there are {len(segments)} phases (phases.segments); the claim is of {PHASES}"
        return untested([*_PATTERN, _ORDER], reason) + _supported(numbers)
    by_phase = per_layer(numbers, segments)
    language = by_phase[..., SPECIFIC] + by_phase[..., RELATED]
    general = by_phase[..., GENERAL]
    peaks = np.minimum(language[:, 0], language[:, 2])
    compared = [
        (language[:, 0], language[:, 1]),
        (language[:, 2], language[:, 1]),
        (_VANISHING_SHARE * peaks, language[:, 1]),
        (general[:, 1], language[:, 1]),
        (np.delete(general, 2, axis=1).min(axis=1), general[:, 2]),
        (general[:, 3], general[:, 2]),
    ]
    found = [
        by_draws(claim, more - less, numbers.units, counts_from(share, less[0]))
        for claim, (more, less) in zip(_PATTERN, compared, strict=True)
    ]
    return [*found, _ordered(numbers), *_supported(numbers)]


def per_layer(numbers: Numbers, segments: pd.DataFrame) -> np.ndarray:
    """Return the mean number of neurons per layer of each phase and type, (1 + R, S, 4)."""
    starts = segments["first_layer"].to_numpy()
    lengths = np.diff([*starts, numbers.layers.shape[1]])
    return np.add.reduceat(numbers.layers, starts, axis=1) / lengths[:, None]


def pivot_finding(numbers: Numbers, languages: Sequence[str], pivot: str, share: float) -> Finding:
    """Judge whether the pivot has fewer specific and related neurons than other languages."""
    claim = Claim(
        "languages",
        "pivot_has_fewer",
        f"The pivot ({pivot}) has fewer specific and related neurons than the mean of the others.",
        "table 3",
    )
    of_language = numbers.languages.sum(axis=2)  # (1 + R, K)
    at = list(languages).index(pivot)
    others = np.delete(of_language, at, axis=1).mean(axis=1)
    margin = counts_from(share, others[0])
    return by_draws(claim, others - of_language[:, at], numbers.units, margin)


def expectations_met(layers: np.ndarray) -> int:
    """Count the paper's expectations that layers meet, cut anew into four phases.

    Parameters
    ----------
    layers
        Specific, related and general neurons by layer, integers (L, 3).
    """
    starts = segment(composition(layers), PHASES)
    phases = pd.DataFrame(np.add.reduceat(layers, starts, axis=0), columns=list(TYPED))
    ends = [*(start - 1 for start in starts[1:]), len(layers) - 1]
    return int(expectations(phases.assign(first_layer=starts, last_layer=ends))["holds"].sum())


def _ordered(numbers: Numbers) -> Finding:
    """Set the layers against all of their circular shifts, and those of their reversal.

    These 2 L orders, with the layers' own, are a group: that share of them which meets at least as
    many expectations is a p.
    """
    layers = numbers.layers[0, :, : len(TYPED)]
    met = np.array(
        [
            expectations_met(np.roll(way, shift, axis=0))
            for way in (layers, layers[::-1])
            for shift in range(len(layers))
        ]
    )
    others = met[1:].mean()
    said = f"{met[0]} are met, by other orders {others:.1f} on average; no interval"
    found = Finding(_ORDER, met[0] - others, margin=0.0, reason=said)
    units = numbers.units
    if units.number < units.fewest:
        return replace(found, settled=without(units), reason=f"{units} of texts; {said}")
    if units.name == TOKENS:
        return replace(found, settled=INCONCLUSIVE, reason=f"{ONE_FOLD}; {said}")
    return replace(found, p=float((met >= met[0]).mean()))


def _supported(numbers: Numbers) -> list[Finding]:
    """Judge whether four phases are better supported than three and than five."""
    if numbers.layers.shape[1] < max(_SUPPORT):
        return untested(list(_SUPPORT.values()), f"fewer than {max(_SUPPORT)} layers")
    bic = np.array(
        [
            support(composition(layers[:, : len(TYPED)]), (PHASES, *_SUPPORT))["bic"]
            for layers in numbers.layers
        ]
    )
    return [
        by_draws(claim, bic[:, index] - bic[:, 0], numbers.units, _BIC_MARGIN)
        for index, claim in enumerate(_SUPPORT.values(), start=1)
    ]
