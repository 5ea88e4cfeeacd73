"""Claims about neurons by component and stage, as PLND (2402.18815) has them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from langneurons.claims.verdicts import (
    Claim,
    Finding,
    by_draws,
    by_mean,
    counts_from,
    untested,
)
from langneurons.components.schemas import ALL, COMPONENT_CELL, GENERATION, UNDERSTANDING
from langneurons.interventions.own_and_others import effects_by_problem
from langneurons.uncertainty.resampling import Units

#: What means are over, and from where on a change of NLL counts, in nats per token.
_MEASURED = ("problems", 0.1)
#: Fewer layers have no thirds.
_THIRDS = 3

_COLLAPSE = Claim(
    "components",
    "attention_collapses_in_the_middle",
    "Specific and related neurons of queries, keys and values per layer are fewer in the middle "
    "third of the layers than in the first and in the last third.",
)
_WHERE = {
    ALL: ("all", "of all layers"),
    UNDERSTANDING: ("understanding", "of the layers of understanding"),
    GENERATION: ("generation", "of the layers of generation"),
}
_OFF = "not measured of this model: section component_deactivation"


def collapse_finding(numbers: np.ndarray | None, units: Units | None, share: float) -> Finding:
    """Judge whether neurons of attention are fewest in the middle layers.

    Parameters
    ----------
    numbers
        Neurons of attention by layer, (1 + R, L): the estimate, then the draws; None without any.
    units
        What was drawn.
    share
        A difference counts from this share of the number compared with on, or one neuron a layer.
    """
    if numbers is None or units is None:
        return untested([_COLLAPSE], "importance.components has no q, k and v")[0]
    if numbers.shape[1] < _THIRDS:
        return untested([_COLLAPSE], f"the model has {numbers.shape[1]} layers, no thirds")[0]
    parts = np.array_split(numbers, _THIRDS, axis=1)
    first, middle, last = (part.mean(axis=1) for part in parts)  # (1 + R,) each
    fewer = np.minimum(first, last)
    return by_draws(_COLLAPSE, fewer - middle, units, counts_from(share, middle[0]))


def stage_findings(problems: pd.DataFrame | None) -> list[Finding]:
    """Judge what switching neurons of all components off does, in all layers and by stage.

    Parameters
    ----------
    problems
        `COMPONENT_PROBLEMS`; None if nothing was switched off.
    """
    claims = {stage: _claims(stage) for stage in _WHERE}
    if problems is None:
        return untested([one for pair in claims.values() for one in pair], _OFF)
    effects = effects_by_problem(problems, COMPONENT_CELL)
    together = effects[effects["component"] == ALL]
    found = []
    for stage, (over_others, over_random) in claims.items():
        rows = together[together["stage"] == stage]
        if rows.empty:
            found += untested([over_others, over_random], _why(effects, stage))
            continue
        by_problem = rows.groupby("problem")[["own_less_others", "own_less_random"]].mean()
        found.append(by_mean(over_others, by_problem["own_less_others"], *_MEASURED))
        if by_problem["own_less_random"].isna().all():
            reason = "no random neurons were switched off: component_deactivation.control_seeds"
            found += untested([over_random], reason)
        else:
            found.append(by_mean(over_random, by_problem["own_less_random"], *_MEASURED))
    return found


def _why(effects: pd.DataFrame, stage: str) -> str:
    if ALL not in set(effects["component"]):
        return "components were not switched off together (component_deactivation.components)"
    return f"no language has neurons {_WHERE[stage][1]}"


def _claims(stage: str) -> Sequence[Claim]:
    key, where = _WHERE[stage]
    doing = f"Switching a language's neurons of all components {where} off"
    return [
        Claim(
            "components",
            f"own_over_others_{key}",
            f"{doing} raises its NLL more than the mean of the others'.",
        ),
        Claim(
            "components",
            f"own_over_random_{key}",
            f"{doing} raises its NLL more than as many random neurons do.",
        ),
    ]
