"""Claims about one model from what other stages measured: data sets, retrieval, deactivation."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from langneurons.claims.layers import PHASES
from langneurons.claims.verdicts import (
    NO_EFFECT,
    Claim,
    Finding,
    by_draws,
    by_mean,
    untested,
)
from langneurons.interventions.deactivation_changes import changes_of
from langneurons.interventions.schemas import NONE
from langneurons.neurons.sets import SPECIFIC, SPECIFIC_RANDOM, WITH_RELATED, is_whole
from langneurons.phases.segmentation import TYPED
from langneurons.uncertainty.resampling import Units

#: A position is stable from this share of the neurons of its type on.
STABLE = 0.5
#: Retrieval: a difference of shares counts from here on.
_RETRIEVAL_MARGIN = 0.05
#: Deactivation: a change of log(1 + PPL) counts from here on.
_LOSS_MARGIN = 0.1
#: Sets of neurons, the one that claims are about first.
_SETS = (WITH_RELATED, SPECIFIC)

_SHARED = Claim(
    "shared space",
    "middle_layers_are_shared",
    "Parallel texts find their partners better in the layers of phase 2 than in the others.",
)
_DEACTIVATION = [
    Claim(
        "interventions",
        "own_language_hurt_most",
        "Switching a language's neurons off hurts it more than any other language.",
        "figure 10",
    ),
    Claim(
        "interventions",
        "own_neurons_matter_most",
        "A language is hurt more by its own neurons off than by those of any other.",
        "figure 10",
    ),
    Claim(
        "interventions",
        "own_neurons_over_random",
        "A language is hurt more by its own neurons off than by equally many random ones.",
        "figure 10",
    ),
    Claim(
        "interventions",
        "random_neurons_do_nothing",
        "Equally many random neurons off change nothing.",
        "figure 10",
        NO_EFFECT,
    ),
    Claim(
        "interventions",
        "pivot_depends_less",
        "The pivot is hurt less by its own neurons off than the mean of the others by theirs.",
        "figure 10",
    ),
]
_BEYOND_SPECIFIC = Claim(
    "interventions",
    "related_matter_beyond_specific",
    "A language is hurt more by its specific and related neurons off than by its specific and "
    "equally many random ones.",
    "figure 10",
)
_NO_CONTROLS = "no random neurons were switched off: deactivation.control_seeds"


def position_findings(overlaps: pd.DataFrame | None, dataset: str) -> list[Finding]:
    """Judge whether positions are those that other data sets give.

    Parameters
    ----------
    overlaps
        `OVERLAP` of the model's data sets; None if it has one only.
    dataset
        The data set of the claims.
    """
    claims = {
        kind: Claim(
            "positions",
            f"{kind}_stable_across_data_sets",
            f"At least half of the {kind} neurons are {kind} on other data sets too.",
            "table 4",
        )
        for kind in TYPED
    }
    if overlaps is None:
        return untested(list(claims.values()), "one data set: give several under datasets")
    found = []
    for kind, claim in claims.items():
        rows = overlaps[(overlaps["first"] == dataset) & (overlaps["type"] == kind)]
        found.append(by_mean(claim, rows["overlap"] - STABLE, "data sets", 0.0))
    return found


def retrieval_finding(partners: pd.DataFrame | None, segments: pd.DataFrame) -> Finding:
    """Judge whether partners are found in the middle layers.

    Parameters
    ----------
    partners
        `PARTNERS`; None if they were not looked for. Layer 0, the embeddings, is left out.
    segments
        Phases: layer l of the model writes what is found at layer l + 1.
    """
    if partners is None:
        return untested([_SHARED], "not measured of this model: section retrieval")[0]
    if len(segments) != PHASES:
        return untested([_SHARED], f"there are {len(segments)} phases (phases.segments)")[0]
    second = segments.set_index("phase").loc[2]
    found = partners.assign(found=partners["found"].astype(float))
    found = found.pivot_table("found", "problem", "layer", aggfunc="mean").drop(columns=0)
    inside = found.columns.isin(range(second["first_layer"] + 1, second["last_layer"] + 2))
    values = found.loc[:, inside].mean(axis=1) - found.loc[:, ~inside].mean(axis=1)
    return by_mean(_SHARED, values, "problems", _RETRIEVAL_MARGIN)


def deactivation_findings(
    problems: pd.DataFrame | None,
    languages: Sequence[str],
    pivot: str,
    uncertainty: Mapping[str, int],
) -> list[Finding]:
    """Judge what switching neurons off does to log(1 + PPL).

    Parameters
    ----------
    problems
        `DEACTIVATION_PROBLEMS`; None if nothing was switched off.
    uncertainty
        ``replicates`` and ``seed`` of the bootstrap over problems.
    """
    if problems is None:
        reason = "not measured of this model: section deactivation"
        return untested([*_DEACTIVATION, _BEYOND_SPECIFIC], reason)
    beyond = _beyond_specific(problems, languages, uncertainty)
    name = _set_of(problems["set"].unique())
    kept = problems[problems["set"].isin([NONE, name])]
    change = changes_of(kept, "nll", languages, [name], **uncertainty)[name]
    units = Units(int(kept.loc[kept["nll"].notna(), "problem"].nunique()), "problems")
    statistics = _of_cells(change.own, change.control, list(languages).index(pivot))
    found = [
        by_draws(claim, statistic, units, _LOSS_MARGIN)
        for claim, statistic in zip(_DEACTIVATION, statistics, strict=True)
    ]
    if kept["control_seed"].notna().any():
        return [*found, beyond]
    return [*found[:2], *untested(_DEACTIVATION[2:4], _NO_CONTROLS), found[4], beyond]


def _beyond_specific(
    problems: pd.DataFrame, languages: Sequence[str], uncertainty: Mapping[str, int]
) -> Finding:
    """Judge what the related neurons add to the specific ones, beside random neurons."""
    names = [NONE, WITH_RELATED, SPECIFIC_RANDOM]
    if not {SPECIFIC, WITH_RELATED} <= set(problems["set"]):
        reason = (
            "needs specific and specific+related (deactivation.sets), of a method with related "
            "neurons"
        )
        return untested([_BEYOND_SPECIFIC], reason)[0]
    if SPECIFIC_RANDOM not in set(problems["set"]):
        return untested([_BEYOND_SPECIFIC], _NO_CONTROLS)[0]
    kept = problems[problems["set"].isin(names)]
    found = changes_of(kept, "nll", languages, names[1:], **uncertainty)
    beside = np.diagonal(found[SPECIFIC_RANDOM].control, axis1=1, axis2=2)  # (1 + R, K)
    more = np.diagonal(found[WITH_RELATED].own, axis1=1, axis2=2) - beside
    related = ~np.isnan(beside[0])  # nothing is measured of a language without related neurons
    mean = more[:, related].mean(axis=1) if related.any() else np.full(len(more), np.nan)
    measured = int(kept.loc[kept["nll"].notna(), "problem"].nunique())
    return by_draws(_BEYOND_SPECIFIC, mean, Units(measured, "problems"), _LOSS_MARGIN)


def _set_of(names: np.ndarray) -> str:
    """Return the set of neurons that the claims are about."""
    whole = [name for name in names if name != NONE and is_whole(name)]
    return next((name for name in _SETS if name in whole), whole[0])


def _of_cells(own: np.ndarray, control: np.ndarray, pivot: int) -> list[np.ndarray]:
    """Return the statistic (1 + R,) of each claim.

    Parameters
    ----------
    own, control
        (1 + R, K, K): changes by language switched off, then measured; NaN of languages without
        neurons.
    """
    measured = ~np.isnan(own[0]).any(axis=1)
    absent = np.full(len(own), np.nan)
    if not measured.any():
        return [absent] * len(_DEACTIVATION)
    own, control = own[:, measured], control[:, measured]
    rows, columns = np.arange(measured.sum()), np.flatnonzero(measured)
    diagonal = own[:, rows, columns]  # (1 + R, measured)
    # The mean over the others would be the same number in rows and in columns.
    others = own.copy()
    others[:, rows, columns] = -np.inf
    in_row, in_column = others.max(axis=2), others[:, :, columns].max(axis=1)
    less = absent
    if measured[pivot] and len(rows) > 1:
        rest = diagonal[:, columns != pivot].mean(axis=1)
        less = rest - diagonal[:, columns == pivot][:, 0]
    mean = diagonal.mean(axis=1)
    return [
        mean - in_row.mean(axis=1),
        mean - in_column.mean(axis=1) if len(rows) > 1 else absent,
        mean - control[:, rows, columns].mean(axis=1),
        control.mean(axis=(1, 2)),
        less,
    ]
