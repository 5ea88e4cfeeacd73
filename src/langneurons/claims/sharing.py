"""Claims about neurons that languages share, as "Sharing Matters" (2406.09265) found them."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from langneurons.claims.verdicts import Claim, Finding, by_draws, untested
from langneurons.sharing.changes import losses_of_classes
from langneurons.sharing.classes import ALL_SHARED, CLASSES
from langneurons.sharing.schemas import EQUAL
from langneurons.sharing.summary import draws_of, shares_of_examples
from langneurons.uncertainty.resampling import Units

#: All-shared neurons are fewer than this share of all.
FEWER_THAN = 0.3
#: A difference of shares counts from here on, and one of the NLL in nats per token.
_SHARE_MARGIN, _LOSS_MARGIN = 0.01, 0.1

_FEW = Claim(
    "shared neurons",
    "all_shared_are_few",
    "Neurons that are active in all languages of an example are fewer than 30 % of all.",
)
_MOST = Claim(
    "shared neurons",
    "all_shared_hurt_most",
    "Switching all-shared neurons off hurts more than as many neurons of any other class.",
)
_OFF = "not measured of this model: section sharing"


def sharing_findings(
    sharing: pd.DataFrame | None,
    deactivation: pd.DataFrame | None,
    languages: Sequence[str],
    uncertainty: Mapping[str, int],
) -> list[Finding]:
    """Judge whether all-shared neurons are few, and whether they matter most.

    Parameters
    ----------
    sharing
        `SHARING`; None if the stage did not run.
    deactivation
        `CLASS_DEACTIVATION`; None if no class was switched off.
    languages
        The K languages, over which the mean loss is taken.
    uncertainty
        ``replicates`` and ``seed`` of the bootstrap over problems.
    """
    if sharing is None:
        return untested([_FEW, _MOST], _OFF)
    shares = shares_of_examples(sharing)[:, CLASSES.index(ALL_SHARED)]
    units = Units(len(shares), "problems")
    few = by_draws(_FEW, FEWER_THAN - draws_of(shares, **uncertainty), units, _SHARE_MARGIN)
    return [few, _hurt(deactivation, languages, uncertainty)]


def _hurt(
    deactivation: pd.DataFrame | None, languages: Sequence[str], uncertainty: Mapping[str, int]
) -> Finding:
    if deactivation is None:
        return untested([_MOST], "no class was switched off: sharing.deactivated_problems")[0]
    losses = {
        name: risen.mean(axis=1)  # (P,)
        for (size, name, control), (_, risen) in losses_of_classes(deactivation, languages).items()
        if size == EQUAL and not control
    }
    if ALL_SHARED not in losses or len(losses) < 2:
        named = ", ".join(losses)
        return untested([_MOST], f"neurons are most often {named}: nothing to compare")[0]
    drawn = draws_of(np.stack(list(losses.values()), axis=1), **uncertainty)  # (1 + R, classes)
    place = list(losses).index(ALL_SHARED)
    more = drawn[:, place] - np.delete(drawn, place, axis=1).max(axis=1)
    problems = len(losses[ALL_SHARED])
    return by_draws(_MOST, more, Units(problems, "problems"), _LOSS_MARGIN)
