"""How a claim is judged: p, Holm, margins, and claims that come out each way (METHOD 10)."""

import numpy as np
import pytest
from scipy import stats

from langneurons.claims.verdicts import (
    CONTRADICTED,
    EFFECT,
    INCONCLUSIVE,
    NO_EFFECT,
    NOT_TESTED,
    ORDER,
    SUPPORTED,
    Claim,
    Finding,
    by_draws,
    by_interval,
    judge,
    untested,
    verdict,
)
from langneurons.uncertainty.resampling import TOKENS, Units, mean_interval
from langneurons.uncertainty.tests import benjamini_hochberg, holm, p_of_interval, p_of_mean

CLAIM = Claim("layers", "some", "There is some.", "figure 3")
NONE = Claim("layers", "none", "There is none.", kind=NO_EFFECT)


def test_holm_by_hand():
    # Sorted 0.01, 0.02, 0.04, times 3, 2, 1: 0.03, 0.04, 0.04; in the order given.
    assert holm([0.04, 0.01, np.nan, 0.02]) == pytest.approx(
        [0.04, 0.03, np.nan, 0.04], nan_ok=True
    )
    # 0.3 · 2 = 0.6 does not fall to 0.5 again, and nothing exceeds 1.
    assert holm([0.5, 0.3]).tolist() == [0.6, 0.6]
    assert holm([0.9, 0.8, 0.7]).tolist() == [1, 1, 1]
    assert holm([]).shape == (0,)


def test_benjamini_hochberg_by_hand():
    # Sorted 0.01, 0.02, 0.04, 0.5, times 4/1, 4/2, 4/3, 4/4: 0.04, 0.04, 0.0533, 0.5.
    assert benjamini_hochberg([0.04, np.nan, 0.01, 0.5, 0.02]) == pytest.approx(
        [0.16 / 3, np.nan, 0.04, 0.5, 0.04], nan_ok=True
    )
    # 0.4 · 2/1 = 0.8 is no more than 0.5 · 2/2.
    assert benjamini_hochberg([0.5, 0.4]).tolist() == [0.5, 0.5]
    p = np.random.default_rng(0).uniform(size=40) ** 3
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p))
    assert benjamini_hochberg([]).shape == (0,)
    assert np.isnan(benjamini_hochberg([np.nan])).all()


def test_p_of_a_mean_is_that_of_students_test():
    values = np.random.default_rng(0).normal(0.5, 1, size=(3, 12))
    values[1, :2] = np.nan  # ten are enough
    values[2, :3] = np.nan  # nine are not
    expected = [stats.ttest_1samp(values[0], 0).pvalue, stats.ttest_1samp(values[1, 2:], 0).pvalue]
    assert p_of_mean(values) == pytest.approx([*expected, np.nan], nan_ok=True)
    # Of differences 1, 1, … and 0, 0, … there is no spread; an infinite one has no p.
    same = np.array([[1.0] * 10, [0.0] * 10, [np.inf] + [0.0] * 9])
    np.testing.assert_equal(p_of_mean(same), [0, 1, np.nan])


def test_p_is_that_of_students_test():
    values = np.array([0.3, 1.1, -0.2, 0.8, 0.9])
    low, high = mean_interval(values)
    found = p_of_interval(values.mean(), low, high, len(values))
    assert found == pytest.approx(stats.ttest_1samp(values, 0).pvalue)
    # An interval that ends at 0 is one of p = 0.05.
    assert p_of_interval(3, 0, 6, 25) == pytest.approx(0.05)


def test_p_without_a_width_or_an_interval():
    assert p_of_interval(2, 2, 2, 12) == 0
    assert p_of_interval(0, 0, 0, 12) == 1
    assert np.isnan(p_of_interval(2, np.nan, np.nan, 12))


@pytest.mark.parametrize(
    ("estimate", "low", "high", "p", "expected", "reason"),
    [
        (8, 6, 10, 0.01, SUPPORTED, "reaches the margin"),
        (8, 6, 10, 0.05, INCONCLUSIVE, "p = 0.05 after Holm"),
        (4, 2, 6, 0.01, INCONCLUSIVE, "below the margin"),
        (4, -1, 9, 0.2, INCONCLUSIVE, "holds 0"),
        (-8, -10, -6, 0.01, CONTRADICTED, "below 0"),
        (-8, -10, -6, 0.07, INCONCLUSIVE, "p = 0.07"),
        # It is there, but too small to count; whatever p is.
        (3, 2, 4, 0.001, CONTRADICTED, "no such effect"),
        (0, -4, 4, 1, CONTRADICTED, "no such effect"),
        (0, 0, 0, 1, CONTRADICTED, "no such effect"),
        # A bound at the margin is not within it.
        (0, -5, 5, 1, INCONCLUSIVE, "holds 0"),
    ],
)
def test_an_effect_comes_out_each_way(estimate, low, high, p, expected, reason):
    found, why = verdict(EFFECT, estimate, low, high, 5, p)
    assert found == expected
    assert reason in why


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-4, 4, SUPPORTED),
        (1, 3, SUPPORTED),  # it differs, by less than counts
        (5, 9, CONTRADICTED),
        (-9, -6, CONTRADICTED),
        (3, 7, INCONCLUSIVE),
        (-9, 9, INCONCLUSIVE),
    ],
)
def test_no_effect_comes_out_each_way(low, high, expected):
    assert verdict(NO_EFFECT, (low + high) / 2, low, high, 5, np.nan)[0] == expected


@pytest.mark.parametrize(
    ("estimate", "p", "expected"),
    [(3, 0.02, SUPPORTED), (1, 0.3, INCONCLUSIVE), (-1, 0.6, CONTRADICTED), (0, 1, CONTRADICTED)],
)
def test_an_order_comes_out_each_way(estimate, p, expected):
    assert verdict(ORDER, estimate, np.nan, np.nan, 0, p)[0] == expected


@pytest.mark.parametrize(
    ("units", "expected", "reason"),
    [
        (Units(1, "folds"), NOT_TESTED, "1 fold: an interval needs 10"),
        (Units(9, "folds"), NOT_TESTED, "9 folds"),
        (Units(9, "problems"), INCONCLUSIVE, "9 problems: an interval needs 10"),
        (Units(1, "seeds"), INCONCLUSIVE, "1 seed: an interval needs 3"),
        (Units(2, "data sets"), INCONCLUSIVE, "2 data sets"),
        (Units(12, "folds"), NOT_TESTED, "uncertainty.replicates"),
    ],
)
def test_too_few_units_or_no_draws_give_an_estimate_and_no_verdict(units, expected, reason):
    row = judge([by_interval(CLAIM, 7.0, (np.nan, np.nan), units, 5.0)]).iloc[0]
    assert (row["estimate"], row["verdict"]) == (7, expected)
    assert reason in row["reason"]
    assert row[["low", "high", "p", "p_holm"]].isna().all()


def test_an_interval_of_too_few_units_is_not_used():
    row = judge([by_interval(CLAIM, 7.0, (6.0, 8.0), Units(9, "problems"), 5.0)]).iloc[0]
    assert row["verdict"] == INCONCLUSIVE
    assert np.isnan(row["low"])


@pytest.mark.parametrize("claim", [CLAIM, NONE])
@pytest.mark.parametrize("estimate", [50.0, 0.0, -50.0])
def test_an_interval_over_tokens_decides_nothing(claim, estimate):
    """It is far above the margin, within it, or far below."""
    interval = (estimate - 1, estimate + 1)
    row = judge([by_interval(claim, estimate, interval, Units(500, TOKENS), 5.0)]).iloc[0]
    assert (row["low"], row["high"]) == interval
    assert row["verdict"] == INCONCLUSIVE
    assert row["reason"] == "one fold: the interval is over tokens only, not over problems"
    assert np.isnan(row["p"])


def test_an_interval_of_draws_lies_around_the_estimate():
    # Replicates 4 and 8, sd 2.83, t at 11 degrees of freedom 2.201: half 6.225.
    found = by_draws(CLAIM, np.array([7.0, 4.0, 8.0]), Units(12, "folds"), 5.0)
    assert (found.low, found.high) == pytest.approx((7 - 6.225, 7 + 6.225), abs=1e-3)


def test_what_is_not_there_is_not_tested():
    found = [
        by_interval(CLAIM, np.nan, (np.nan, np.nan), Units(12, "folds"), 5.0),
        *untested([CLAIM], "one data set"),
    ]
    table = judge(found)
    assert table["verdict"].tolist() == [NOT_TESTED, NOT_TESTED]
    assert table["reason"].tolist() == ["there is nothing to measure it on", "one data set"]


def test_holm_is_over_all_claims_of_a_table():
    """Each has p = 0.02: one alone is supported, three are not; what has no p does not count."""
    one = Finding(CLAIM, 8, 2, 14, 5, p=0.02)
    equal = by_interval(NONE, 0, (-1, 1), Units(12, "folds"), 5.0)
    assert np.isnan(equal.p)
    assert judge([one, equal, *untested([CLAIM], "-")])["verdict"].tolist() == [
        SUPPORTED, SUPPORTED, NOT_TESTED,
    ]  # fmt: skip
    assert judge([one] * 3)["verdict"].tolist() == [INCONCLUSIVE] * 3
    assert judge([one] * 3)["p_holm"].tolist() == pytest.approx([0.06] * 3)
