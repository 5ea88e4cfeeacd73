"""Draws and intervals against arithmetic by hand."""

import numpy as np
import pytest

from langneurons.uncertainty.resampling import (
    FOLDS,
    TOKENS,
    Units,
    draw_indices,
    draw_weights,
    percentile_interval,
    with_interval,
)
from langneurons.uncertainty.shares import wilson_interval


def test_weights_of_a_replicate_sum_to_the_units():
    weights = draw_weights(np.array([True, True, True, True]), 1000, seed=0)
    assert weights.shape == (1000, 4)
    assert (weights.sum(axis=1) == 4).all()
    # Each unit is drawn 4 · ¼ = 1 time on average; the mean of 1000 has the standard error
    # √(4 · ¼ · ¾ / 1000) = 0.027.
    assert weights.mean(axis=0) == pytest.approx([1, 1, 1, 1], abs=0.11)


def test_absent_units_have_no_weight():
    weights = draw_weights(np.array([True, False, True]), 100, seed=0)
    assert (weights[:, 1] == 0).all()
    assert (weights.sum(axis=1) == 2).all()


def test_weights_are_those_of_a_multinomial_draw():
    expected = np.random.default_rng(3).multinomial(5, [0.2] * 5, size=7)
    assert (draw_weights(np.ones(5, dtype=bool), 7, seed=3) == expected).all()


def test_indices_are_those_of_uniform_integers():
    indices = draw_indices(5, 7, seed=3)
    assert (indices == np.random.default_rng(3).integers(5, size=(7, 5))).all()
    assert set(indices.reshape(-1)) == {0, 1, 2, 3, 4}


@pytest.mark.parametrize(
    "draw", [draw_indices, lambda units, *rest: draw_weights(np.ones(units, dtype=bool), *rest)]
)
def test_the_seed_decides_the_draws(draw):
    assert (draw(6, 9, 1) == draw(6, 9, 1)).all()
    assert (draw(6, 9, 1) != draw(6, 9, 2)).any()


def test_percentiles_are_interpolated():
    # 0 … 100: percentile q is q itself. 0 … 4: 2.5 % of 4 steps is 0.1, 97.5 % is 3.9.
    low, high = percentile_interval(np.arange(101))
    assert (low, high) == (2.5, 97.5)
    low, high = percentile_interval(np.arange(5))
    assert (low, high) == (pytest.approx(0.1), pytest.approx(3.9))


def test_each_statistic_has_its_own_interval():
    low, high = percentile_interval(np.stack([np.arange(5), 10 * np.arange(5)], axis=1))
    assert low == pytest.approx([0.1, 1.0])
    assert high == pytest.approx([3.9, 39.0])


def test_replicates_without_a_number_are_left_out():
    nan = np.nan
    values = np.array([[0.0, nan], [nan, nan], [4.0, nan]])  # (R, statistics)
    low, high = percentile_interval(values)
    # Of 0 and 4: 0.025 · 4 and 0.975 · 4.
    assert low == pytest.approx([0.1, nan], nan_ok=True)
    assert high == pytest.approx([3.9, nan], nan_ok=True)


def test_without_replicates_there_is_no_interval():
    low, high = percentile_interval(np.empty((0, 2, 3)))
    assert low.shape == high.shape == (2, 3)
    assert np.isnan([low, high]).all()
    assert np.isnan(percentile_interval(np.empty(0))).all()


def test_wilson_interval_by_hand():
    # z = 1.959964, z² = 3.841459; 1 of 2: centre (0.5 + z² / 4) / (1 + z² / 2) = 0.5,
    # half √(z² · 0.25 / 2 + z⁴ / 16) / (1 + z² / 2) = √(0.480182 + 0.922300) / 2.920729
    #      = 1.184264 / 2.920729 = 0.405469
    low, high = wilson_interval(1, 2)
    assert low == pytest.approx(0.5 - 0.405469, abs=2e-6)
    assert high == pytest.approx(0.5 + 0.405469, abs=2e-6)


@pytest.mark.parametrize("n", [1, 7, 250])
def test_wilson_interval_ends_exactly_at_0_and_1(n):
    assert wilson_interval(0, n)[0] == 0.0
    assert wilson_interval(n, n)[1] == 1.0


def test_wilson_interval_of_none_is_unknown():
    assert np.isnan(wilson_interval(0, 0)).all()


def test_wilson_interval_is_wider_for_more_confidence():
    low, high = wilson_interval(3, 10, 0.99)
    assert low < wilson_interval(3, 10)[0]
    assert high > wilson_interval(3, 10)[1]


def test_t_intervals_lie_around_the_estimate():
    # Replicates 0, 2, 4 have sd 2; t with 9 degrees of freedom at 97.5 % is 2.262157.
    low, high = Units(10, FOLDS).interval(5.0, np.array([0.0, 2.0, 4.0]))
    assert (low, high) == (pytest.approx(5 - 4.524314), pytest.approx(5 + 4.524314))
    estimates, replicates = np.array([1.0, 2.0]), np.array([[1.0, 0.0], [1.0, 4.0]])
    low, high = Units(11, FOLDS).interval(estimates, replicates)
    # t with 10 degrees of freedom is 2.228139; sd 0 and √8.
    assert low == pytest.approx([1, 2 - 2.228139 * 8**0.5])
    assert high == pytest.approx([1, 2 + 2.228139 * 8**0.5])


def test_intervals_over_tokens_are_normal():
    replicates = np.array([0.0, 2.0, 4.0])  # sd 2
    # 97.5 % of a normal distribution lie below 1.959964, however many tokens there are.
    for number in (10, 5000):
        low, high = Units(number, TOKENS).interval(5.0, replicates)
        assert (low, high) == (pytest.approx(5 - 3.919928), pytest.approx(5 + 3.919928))
    for few in (Units(9, FOLDS), Units(9, TOKENS)):
        assert np.isnan(few.interval(5.0, replicates)).all()
    assert np.isnan(Units(5000, TOKENS).interval(5.0, replicates[:1])).all()


def test_too_few_units_or_replicates_have_no_t_interval():
    for replicates, units in (
        (np.zeros((5, 2)), 9),
        (np.zeros((1, 2)), 20),
        (np.empty((0, 2)), 20),
    ):
        assert np.isnan(Units(units, FOLDS).interval(np.zeros(2), replicates)).all()


def test_a_mean_is_named_with_its_interval():
    values = np.column_stack([np.arange(10.0), np.full(10, 2.0)])
    found = with_interval("change", values)
    assert list(found) == ["change", "change_low", "change_high"]
    assert found["change"].tolist() == [4.5, 2.0]
    # Student's t with 9 degrees of freedom: 2.262157 · sd / √10, sd² = 82.5 / 9.
    half = 2.262157 * np.sqrt(82.5 / 9 / 10)
    assert found["change_high"].tolist() == pytest.approx([4.5 + half, 2.0], rel=1e-6)
    few = with_interval("change", np.arange(9.0))
    assert few["change"] == 4
    assert np.isnan([few["change_low"], few["change_high"]]).all()
    assert np.isnan(list(with_interval("change", np.zeros(0)).values())).all()
