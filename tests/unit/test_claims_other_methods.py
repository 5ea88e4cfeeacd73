"""Claims that another method's selection shows the same, on numbers that come out each way."""

import numpy as np
import pandas as pd
import pytest

from langneurons.claims.layers import Numbers
from langneurons.claims.other_methods import fall_findings, pattern_findings
from langneurons.claims.verdicts import (
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_TESTED,
    SUPPORTED,
    judge,
)
from langneurons.uncertainty.resampling import FOLDS, TOKENS, Units

#: Two layers, three, two, one.
SEGMENTS = pd.DataFrame({"phase": [1, 2, 3, 4], "first_layer": [0, 2, 5, 7]})
TWELVE = Units(12, FOLDS)


def numbers(language, spread=0.1, units=TWELVE, related=0.0):
    """So many language neurons per layer of each phase, a share of them related, in 40 draws."""
    layers = np.zeros((41, 8, 4))
    per_layer = np.repeat(np.array(language, dtype=float), [2, 3, 2, 1])
    layers[..., 0], layers[..., 1] = per_layer * (1 - related), per_layer * related
    layers[..., 2] = 500  # general ones are none of them
    layers[1:, :, 0] += np.random.default_rng(0).normal(0, spread, (40, 8))
    return Numbers(layers, np.zeros((41, 3, 2)), units)


def pattern(**others):
    return judge(pattern_findings(others, SEGMENTS, 0.05)).set_index("claim")


@pytest.mark.parametrize(
    ("language", "spread", "expected", "estimate"),
    [
        ((40, 4, 30, 1), 0.1, SUPPORTED, 26),  # 30 − 4: the fewer of both
        ((40, 4, 2, 90), 0.1, CONTRADICTED, -2),
        ((9, 9, 9, 9), 0.1, CONTRADICTED, 0),
        ((40, 4, 30, 1), 100, INCONCLUSIVE, 26),
    ],
)
def test_language_neurons_of_another_method_by_phase(language, spread, expected, estimate):
    for related in (0, 0.5):
        row = pattern(lape=numbers(language, spread, related=related)).loc[
            "language_more_in_1_and_3_by_lape"
        ]
        assert (row["estimate"], row["verdict"]) == (pytest.approx(estimate), expected)
        assert row["margin"] == 1  # 5 % of 4 neurons a layer, but at least one
        assert row["statement"].startswith("Selected by lape, language neurons per layer")


def test_each_other_method_has_its_claim():
    table = pattern(lape=numbers((40, 4, 30, 1)), peaked=numbers((4, 40, 4, 4)))
    assert table["verdict"].tolist() == [SUPPORTED, CONTRADICTED]
    assert table.index.tolist() == [
        "language_more_in_1_and_3_by_lape",
        "language_more_in_1_and_3_by_peaked",
    ]


def test_without_another_method_or_four_phases_there_is_nothing_to_test():
    row = pattern().loc["language_more_in_1_and_3_by_another_method"]
    assert (row["verdict"], row["reason"]) == (NOT_TESTED, "one method: name another under neurons")
    three = judge(pattern_findings({"lape": numbers((40, 4, 30, 1))}, SEGMENTS[:3], 0.05))
    assert three["reason"].tolist() == ["there are 3 phases (phases.segments)"]
    row = judge(fall_findings({}, 0.05)).iloc[0]
    assert row["claim"] == "specific_changed_in_total_by_another_method"
    assert row["verdict"] == NOT_TESTED


def totals(change, half):
    """Of specific neurons 100 before; of others as many more as would support nothing."""
    table = pd.DataFrame({"type": ["specific", "general"], "before": 100, "change": [change, 50]})
    return table.assign(change_low=table["change"] - half, change_high=table["change"] + half)


@pytest.mark.parametrize(
    ("change", "half", "expected"),
    [
        (-20, 1, SUPPORTED),
        (20, 1, CONTRADICTED),
        (-3, 1, CONTRADICTED),  # within 5 of 100
        (-20, 30, INCONCLUSIVE),
    ],
)
def test_specific_neurons_of_another_method_fall(change, half, expected):
    table = judge(fall_findings({"lape": (totals(change, half), TWELVE)}, 0.05))
    row = table.set_index("claim").loc["specific_changed_in_total_by_lape"]
    assert (row["estimate"], row["margin"], row["verdict"]) == (-change, 5, expected)
    assert (row["low"], row["high"]) == (-change - half, -change + half)


def test_published_counts_stay_open():
    tokens = Units(500, TOKENS)
    pattern_of_it = pattern(lape=numbers((40, 4, 30, 1), units=tokens))
    fall = judge(fall_findings({"lape": (totals(-20, 1), tokens)}, 0.05))
    for table in (pattern_of_it, fall):
        assert table["verdict"].tolist() == [INCONCLUSIVE]
        assert table["low"].notna().all()
