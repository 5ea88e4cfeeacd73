"""Claims about an alignment: what changes, whether it is the alignment's, and for whom."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from langneurons.claims.layers import PHASES
from langneurons.claims.measured import STABLE
from langneurons.claims.verdicts import (
    NO_EFFECT,
    Claim,
    Finding,
    by_draws,
    by_interval,
    counts_from,
    untested,
)
from langneurons.phases.segmentation import TYPED
from langneurons.retrieval.schemas import TO_PIVOT
from langneurons.uncertainty.resampling import Units

#: Type → what the paper says becomes of its number, and the sign of that.
_EXPECTED = {"specific": ("fewer", -1), "related": ("more", 1), "general": ("more", 1)}
#: Where neurons are counted: everywhere, and in each phase of the model before.
_PLACES = (None, *range(1, PHASES + 1))
_UNMET = "the method has no related type"


def change_findings(
    totals: pd.DataFrame, phases: pd.DataFrame, units: Units, share: float, related: bool
) -> list[Finding]:
    """Judge whether numbers change as the paper says, over texts.

    Parameters
    ----------
    totals, phases
        A comparison's `TOTALS` and `PHASES`.
    units
        What its intervals are over.
    share
        A change counts from this share of the number before on, or from one neuron.
    related
        Whether the method has related neurons.
    """
    found = []
    for kind, place in product(TYPED, _PLACES):
        word, sign = _EXPECTED[kind]
        claim = _claim(
            "changed",
            f"After the alignment there are {word} {kind} neurons {{where}}.",
            kind,
            place,
        )
        table = totals if place is None else phases[phases["phase"] == place]
        rows = table[table["type"] == kind]
        if reason := _unmet(kind, related, rows):
            found += untested([claim], reason)
            continue
        row = rows.iloc[0]
        interval = _signed(sign, row["change_low"], row["change_high"])
        margin = counts_from(share, row["before"])
        found.append(by_interval(claim, sign * row["change"], interval, units, margin))
    return found


def attribution_findings(attribution: pd.DataFrame | None, related: bool) -> list[Finding]:
    """Judge whether numbers change as the paper says more than a control's do, over seeds.

    Parameters
    ----------
    attribution
        `ATTRIBUTION`; None if the comparison names no control. Of several controls the one counts
        that explains most of the change: the claim is true only if it is against each.
    """
    found = []
    for kind, place in product(TYPED, _PLACES):
        word, sign = _EXPECTED[kind]
        statement = f"There are {word} {kind} neurons {{where}} than after the control."
        claim = _claim("due to the alignment", statement, kind, place)
        if attribution is None:
            found += untested([claim], "no control: key control of the comparison")
            continue
        quantity = "total" if place is None else "phase"
        rows = attribution[
            (attribution["type"] == kind)
            & (attribution["quantity"] == quantity)
            & (attribution["place"].isna() if place is None else attribution["place"] == str(place))
        ]
        if reason := _unmet(kind, related, rows):
            found += untested([claim], reason)
            continue
        least = "difference_low" if sign > 0 else "difference_high"
        by = least if rows[least].notna().all() else "difference"
        row = rows.iloc[int((sign * rows[by]).to_numpy().argmin())]
        found.append(
            by_interval(
                claim,
                sign * row["difference"],
                _signed(sign, row["difference_low"], row["difference_high"]),
                Units(int(row["seeds"]), "seeds"),
                row["margin"],
                f"against the control {row['control']}",
            )
        )
    return found


def overlap_findings(overlap: pd.DataFrame, units: Units, related: bool) -> list[Finding]:
    """Judge whether neurons keep their types through the alignment.

    Parameters
    ----------
    overlap
        A comparison's `OVERLAP`.
    units, related
        As for `change_findings`.
    """
    found = []
    for kind in TYPED:
        statement = f"At least half of the {kind} neurons stay {kind} in the alignment."
        claim = Claim("positions", f"{kind}_keep_their_type", statement, "table 4")
        rows = overlap[overlap["type"] == kind]
        if reason := _unmet(kind, related, rows):
            found += untested([claim], reason)
            continue
        row = rows.iloc[0]
        interval = (row["overlap_low"] - STABLE, row["overlap_high"] - STABLE)
        found.append(by_interval(claim, row["overlap"] - STABLE, interval, units, 0.0))
    return found


def like_change_findings(
    changes: pd.DataFrame,
    draws: pd.DataFrame,
    groups: tuple[Sequence[str], Sequence[str]],
    units: Units,
    share: float,
    related: bool,
) -> list[Finding]:
    """Judge whether languages change alike, trained on or not.

    Parameters
    ----------
    changes, draws
        A comparison's `LANGUAGES` and `LANGUAGE_DRAWS`.
    groups
        The languages trained on, and the others without the pivot.
    units, share, related
        As for `change_findings`; the share is of the mean number before per language.
    """
    kinds = changes["type"].unique()
    claims = [
        Claim(
            "languages",
            f"{kind}_change_alike",
            f"The number of {kind} neurons changes alike in languages that were trained on and in "
            "others (mean per language, without the pivot).",
            "table 2",
            NO_EFFECT,
        )
        for kind in kinds
    ]
    if not all(groups):
        return untested(claims, _nobody(*groups))
    found = []
    values = np.array([changes["change"], *draws["changes"]])  # (1 + R, rows)
    for claim, kind in zip(claims, kinds, strict=True):
        if kind == "related" and not related:
            found += untested([claim], _UNMET)
            continue
        own = (changes["type"] == kind).to_numpy()
        members = [own & changes["language"].isin(group).to_numpy() for group in groups]
        trained, others = (values[:, one].mean(axis=1) for one in members)  # (1 + R,)
        before = changes.loc[np.logical_or(*members), "before"].mean()
        found.append(by_draws(claim, trained - others, units, counts_from(share, before)))
    return found


def help_findings(
    retrieval: pd.DataFrame | None,
    accuracy: pd.DataFrame | None,
    groups: tuple[Sequence[str], Sequence[str]],
    share: float,
) -> list[Finding]:
    """Judge whether languages gain that were not trained on.

    Parameters
    ----------
    retrieval, accuracy
        `RETRIEVAL_CHANGE` and `ACCURACY_CHANGE`; None where these were not measured.
    groups
        As for `like_change_findings`.
    share
        A change counts from this share of the value before on.
    """
    loss = Claim(
        "performance",
        "others_translate_better",
        "After the alignment, translations into the pivot from languages that were not trained on "
        "cost fewer nats per token.",
    )
    answers = Claim(
        "performance",
        "others_answer_better",
        "After the alignment, languages that were not trained on, with the pivot, answer more "
        "problems right.",
        "table 5",
    )
    if not all(groups):
        return untested([loss, answers], _nobody(*groups))
    measured = {
        loss: (None if retrieval is None else retrieval[retrieval["measure"] == TO_PIVOT], -1),
        answers: (accuracy, 1),
    }
    missing = {
        loss: "not measured: section retrieval, directions: [to_pivot]",
        answers: "not measured: section accuracy",
    }
    ends = {loss: ("change_low", "change_high"), answers: ("low", "high")}
    found = []
    for claim, (table, sign) in measured.items():
        rows = None if table is None else table[table["group"] == "other"]
        if rows is None or rows.empty:
            found += untested([claim], missing[claim])
            continue
        whole = rows[rows["language"].isna()].iloc[0]
        # A language has a row a problem; a group counts each problem once for every language.
        units = Units(int(rows.loc[rows["language"].notna(), "n"].max()), "problems")
        interval = _signed(sign, *whole[list(ends[claim])])
        margin = share * whole["before"]
        found.append(by_interval(claim, sign * whole["change"], interval, units, margin))
    return found


def _claim(group: str, statement: str, kind: str, place: int | None) -> Claim:
    """Return a claim about a type of neurons, in total or in a phase, ``{where}`` it says so."""
    where = "in total" if place is None else f"in phase {place}"
    key = f"{kind}_{group.replace(' ', '_')}_{where.replace(' ', '_')}"
    return Claim(group, key, statement.format(where=where), "figure 4")


def _unmet(kind: str, related: bool, rows: pd.DataFrame) -> str:
    """Return why there is no number of a type, or nothing if there is."""
    if kind == "related" and not related:
        return _UNMET
    return f"there are not {PHASES} phases (phases.segments)" if rows.empty else ""


def _nobody(trained: Sequence[str], others: Sequence[str]) -> str:
    if not trained:
        return "no language was trained on"
    return "all languages but the pivot were trained on"


def _signed(sign: int, low: float, high: float) -> tuple[float, float]:
    """Return the interval of a number times its sign."""
    return (low, high) if sign > 0 else (-high, -low)
