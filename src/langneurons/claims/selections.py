"""Claims that tell methods, or ways to steer, apart: as other papers of the field found them."""

import pandas as pd

from langneurons.claims.verdicts import Claim, Finding, by_mean, untested
from langneurons.interventions.dose_summary import CELL, in_means
from langneurons.interventions.own_and_others import effects_by_problem
from langneurons.interventions.schemas import ADD, CONTROL, SET, STEERED
from langneurons.interventions.steering_doses import answers_by_pair, places_of

RELEVANCE = "relevance"
_UNITS = "problems"
#: A difference of shares of answers counts from here on, and one of the NLL in nats per token.
_SHARE_MARGIN, _LOSS_MARGIN = 0.05, 0.05

_STEERS = Claim(
    "steering",
    "raised_neurons_steer",
    "A language's neurons raised bring more answers in it than random ones raised.",
)
_ADDING = Claim(
    "steering",
    "adding_beats_setting",
    "Adding to neurons brings more answers in the target language than setting them.",
)


def steering_findings(problems: pd.DataFrame | None, max_repetition: float) -> list[Finding]:
    """Judge whether steering steers, and whether adding does better than setting (2507.22608).

    Answers count that are in the target language and do not repeat themselves. The factor, or mode
    and factor, is the one with most of them on the first half of the problems, and what it does
    is measured on the second.

    Parameters
    ----------
    problems
        `STEERING_PROBLEMS`; None if the model was not steered by these neurons.
    max_repetition
        An answer repeats itself from this share of 4-grams on that occurred before.
    """
    if problems is None:
        return untested([_STEERS, _ADDING], "not measured with these neurons: section steering")
    answers = answers_by_pair(problems)
    repeated = answers["repetition"].astype(float) >= max_repetition
    answers["fluent"] = answers["in_target"].where(~repeated, 0.0)
    shares = answers.pivot_table("fluent", "problem", ["intervention", "mode", "factor"])
    if STEERED not in shares:
        return untested([_STEERS, _ADDING], "no pair of languages has neurons to steer with")
    second = places_of(problems).reindex(shares.index) >= 0.5
    steered, controls = shares[STEERED], shares.get(CONTROL)
    first = steered[~second].mean()
    found = []
    if controls is None:
        found += untested([_STEERS], "no random neurons were raised: steering.control_seeds")
    else:
        best = first.idxmax()
        found.append(
            by_mean(_STEERS, (steered[best] - controls[best])[second], _UNITS, _SHARE_MARGIN)
        )
    if not {SET, ADD} <= set(steered.columns.get_level_values("mode")):
        return [*found, *untested([_ADDING], "needs the modes set and add (steering.mode)")]
    adding, setting = ((mode, first[mode].idxmax()) for mode in (ADD, SET))
    more = (steered[adding] - steered[setting])[second]
    return [*found, by_mean(_ADDING, more, _UNITS, _SHARE_MARGIN)]


def relevance_finding(problems: pd.DataFrame | None, method: str) -> Finding:
    """Judge whether neurons by relevance are more selective than by activation (2601.04664).

    Parameters
    ----------
    problems
        `DOSE_PROBLEMS`; None if none were switched off.
    method
        The method that the other claims are about.
    """
    claim = Claim(
        "other methods",
        f"relevance_more_selective_than_{method}",
        "Switched off, a language's first neurons by relevance hurt it more beyond the others "
        f"than as many by {method}.",
    )
    if problems is None:
        return untested([claim], "not measured of this model: section doses")[0]
    if not {RELEVANCE, method} <= set(problems["method"].dropna()):
        return untested([claim], f"needs relevance and {method} (doses.methods)")[0]
    kept = problems[problems["method"].isna() | problems["method"].isin([RELEVANCE, method])]
    changes = effects_by_problem(kept, CELL)
    changes = changes[in_means(changes, kept)]
    # One method alone may reach the larger sizes, at which any set does more.
    both = changes.groupby(["size", "language"])["method"].transform("nunique") == 2
    changes = changes[both]
    if changes.empty:
        return untested([claim], "no language has as many neurons by both methods")[0]
    means = changes.pivot_table("own_less_others", "problem", "method")
    return by_mean(claim, means[RELEVANCE] - means[method], _UNITS, _LOSS_MARGIN)
