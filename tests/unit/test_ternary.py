"""The paper's method on cases small enough to work by hand (METHOD 2)."""

from math import log

import numpy as np
import pytest
from core_cases import QUICK, counts_tables, one_layer
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from langneurons.neurons.methods.selection import activity_threshold, lowest
from langneurons.neurons.methods.ternary import LAMBDA_BOUND, select

# m = (1 + 1/2 + 1/3) / 3 = 11/18: the scale of the peak probability at K = 3.
M3 = 11 / 18


def score(*rows, lambda_):
    return select(one_layer(*rows), top_rate=0.5, lambda_=lambda_).score[0]


def test_entropy_by_hand():
    # p' = (1/2, 1/4, 1/4): H = 1/2 ln 2 + 2 · 1/4 ln 4 = 3/2 ln 2; of ln 3 that is 0.9464.
    # p' = (1, 0, 0): H = 0. p' = (1/2, 1/2, 0): H = ln 2.
    found = score((0.5, 0.25, 0.25), (0.125, 0, 0), (0.25, 0.25, 0), lambda_=0.0)
    expected = [1.5 * log(2) / log(3), 0, log(2) / log(3)]
    np.testing.assert_allclose(found, expected, atol=1e-10)
    assert found[0] == pytest.approx(0.946394630)


def test_neuron_that_is_never_active_is_uniform():
    # Σ p = 0: p' = (1/3, 1/3, 1/3), H = ln 3, no peak: s = 1 at every λ.
    np.testing.assert_allclose(score((0, 0, 0), (1, 0, 0), lambda_=0.15)[0], 1, atol=1e-10)


def test_release_score_by_hand():
    # s = H / ln K − λ · max p / m: 0.946394630 − 0.1 · 0.5 · 18/11 = 0.864576448
    #                                         0 − 0.1 · 0.125 · 18/11 = −0.020454545
    found = score((0.5, 0.25, 0.25), (0.125, 0, 0), lambda_=0.1)
    np.testing.assert_allclose(found, [0.864576448, -0.020454545], atol=1e-8)


def test_lambda_search_by_hand():
    # A = (1, 1, 1) is active for all: s_A = 1 − λ · 18/11.
    # B = (1/2, 1/4, 1/4) is not: s_B = 0.946395 − λ · 9/11.
    # One of the two is selected. It is A as soon as s_A < s_B: λ > 0.053605 · 11/9 = 0.065518.
    # Bisection of [0, 0.2]: 0.1 no, 0.05 holds, 0.075 no, 0.0625 holds, 0.06875 no, 0.065625 no,
    # 0.0640625 holds, 0.06484375 holds; the bracket is then 0.00078125 wide, below 1e-3.
    found = select(one_layer((1, 1, 1), (0.5, 0.25, 0.25)), top_rate=0.5, threshold_quantile=1 / 3)
    # τ: six probabilities, rank 6/3 = 2 of (1/4, 1/4, 1/2, 1, 1, 1).
    assert found.threshold == 0.25
    assert found.parameters["lambda"] == pytest.approx(0.06484375, abs=1e-15)
    assert found.parameters["lambda_holds"]
    assert found.parameters["lambda_unbounded"] is False
    assert found.selected.tolist() == [[False, True]]


def test_fixed_lambda_above_the_largest_that_holds_says_so():
    found = select(
        one_layer((1, 1, 1), (0.5, 0.25, 0.25)),
        top_rate=0.5,
        threshold_quantile=1 / 3,
        lambda_=0.07,
    )
    assert found.selected.tolist() == [[True, False]]
    assert found.parameters["lambda"] == 0.07
    assert not found.parameters["lambda_holds"]
    assert found.parameters["lambda_unbounded"] is None  # nothing was searched for


def test_lambda_when_none_holds():
    # Every neuron is selected, the one active for all too: no λ can keep it out.
    found = select(one_layer((1, 1, 1), (0.5, 0.25, 0.25)), top_rate=1.0, threshold_quantile=1 / 3)
    assert found.parameters["lambda"] == 0
    assert not found.parameters["lambda_holds"]
    assert found.parameters["lambda_unbounded"] is False


def test_bracket_is_doubled_where_its_upper_end_holds():
    # A = (1, 1, 1) is active for all: s_A = 1 − λ · 18/11; B = (1/2, 0, 0): s_B = −λ · 9/11.
    # A is selected in its place from λ = 11/9 = 1.2222 on: 0.2, 0.4 and 0.8 hold, 1.6 does not.
    # Ten halvings of [0.8, 1.6] leave 0.8 / 1024 < 1e-3; (11/9 − 0.8) / 0.8 · 1024 = 540.4.
    found = select(one_layer((1, 1, 1), (0.5, 0, 0)), top_rate=0.5, threshold_quantile=1 / 3)
    assert found.threshold == 0
    assert found.parameters["lambda"] == pytest.approx(0.8 + 0.8 * 540 / 1024, abs=1e-12)
    assert found.parameters["lambda_holds"]
    assert found.parameters["lambda_unbounded"] is False
    assert found.selected.tolist() == [[False, True]]


def test_no_bound_is_found_where_no_neuron_is_active_for_all():
    found = select(one_layer((1, 0, 0), (0, 0.5, 0)), top_rate=0.5)
    assert found.parameters["lambda"] == LAMBDA_BOUND == 0.2 * 2**26
    assert found.parameters["lambda_holds"]
    assert found.parameters["lambda_unbounded"] is True


def test_bound_of_the_search_lies_above_the_largest_lambda_that_decides():
    # K = 2, m = 3/4; two peaks as close as float32 allows, and entropies as far apart as can be:
    # s_A = 1 − λ · 4/3, s_B = −λ · (1 − 2⁻²⁴) · 4/3: A is selected from λ = 3/4 · 2²⁴ on.
    found = select(one_layer((1, 1), (1 - 2**-24, 0)), top_rate=0.5, threshold_quantile=0.25)
    assert found.parameters["lambda"] == pytest.approx(0.75 * 2**24, rel=1e-8)
    assert found.parameters["lambda"] <= 0.75 * 2**24 < LAMBDA_BOUND
    assert found.parameters["lambda_unbounded"] is False


@pytest.mark.parametrize(
    ("K", "scale"),
    [(2, (1 + 1 / 2) / 2), (3, M3), (10, 0.2928968253968254)],  # Σ_{n=1..10} 1/n = 2.928968…
)
def test_lambda_in_the_scale_of_the_paper(K, scale):
    # λ_paper = λ · ln K / m; at K = 10, 0.109375 · 2.302585 / 0.292897 = 0.859843.
    found = select(np.eye(K, dtype=np.float32)[None], top_rate=0.5, lambda_=0.109375)
    assert found.parameters["lambda_paper"] == pytest.approx(0.109375 * log(K) / scale)
    if K == 10:
        assert found.parameters["lambda_paper"] == pytest.approx(0.8598, abs=1e-4)


def test_scores_of_release_and_paper_agree_up_to_scale():
    # Eq. 5 is H − λ_paper · max p; ours is that over ln K.
    p = one_layer((0.5, 0.25, 0.125), (0.875, 0.75, 0.125))
    found = select(p, top_rate=0.5, lambda_=0.05)
    share = p[0].astype(float) / p[0].sum(axis=1, keepdims=True)
    entropy = -(share * np.log(share)).sum(axis=1)
    paper = entropy - found.parameters["lambda_paper"] * p[0].max(axis=1)
    np.testing.assert_allclose(found.score[0], paper / log(3), atol=1e-10)


def test_number_selected_is_the_rounded_share():
    # 0.01 · 458,752 = 4587.52 → 4588, as in the release; here 0.3 · 5 = 1.5 → 2.
    p = np.random.default_rng(0).random((1, 5, 3), dtype=np.float32)
    assert select(p, top_rate=0.3).selected.sum() == 2


def test_threshold_is_the_value_of_its_rank():
    # Twenty probabilities: round(0.95 · 20) = 19th smallest; only the largest lies above it.
    p = (np.arange(20, 0, -1, dtype=np.float32) / 32).reshape(1, 10, 2)
    threshold = activity_threshold(p, 0.95)
    assert threshold == 19 / 32
    assert (p > threshold).sum() == 1


@pytest.mark.parametrize(
    ("quantile", "rank"),
    # Of seven values: round(0.5 · 7) = round(3.5) = 4; round(0.05 · 7) = 0, but the first is least.
    [(0.5, 4), (0.6, 4), (0.7, 5), (0.05, 1), (1.0, 7)],
)
def test_threshold_rank(quantile, rank):
    p = np.array([3, 1, 7, 5, 2, 6, 4], dtype=np.float32).reshape(1, 7, 1)
    assert activity_threshold(p, quantile) == rank


def test_ties_go_to_the_earlier_neuron():
    found = lowest(np.array([[0.5, 0.25, 0.25], [0.25, 0.0, 0.25]]), 3)
    assert found.tolist() == [[False, True, True], [False, True, False]]


def test_neurons_without_a_score_are_never_selected():
    found = lowest(np.array([[np.nan, 2.0, np.nan, 1.0]]), 3)
    assert found.tolist() == [[False, True, False, True]]


@QUICK
@given(
    arrays(np.float64, st.integers(1, 12), elements=st.sampled_from([-1, 0, 0.5, 2, np.nan])),
    st.integers(0, 14),
)
def test_lowest_equals_a_stable_sort(flat, number):
    ranked = sorted(np.flatnonzero(~np.isnan(flat)), key=lambda i: flat[i])
    assert np.flatnonzero(lowest(flat, number)).tolist() == sorted(ranked[:number])


@QUICK
@given(counts_tables(languages=(2, 10)), st.data())
def test_permuting_languages_changes_nothing(counts, data):
    p = counts.probabilities()
    order = data.draw(st.permutations(range(p.shape[-1])))
    found, expected = (select(q, top_rate=0.3) for q in (p[..., order], p))
    np.testing.assert_array_equal(found.score, expected.score)
    np.testing.assert_array_equal(found.selected, expected.selected)
    assert found.threshold == expected.threshold
    assert found.parameters == expected.parameters


@QUICK
@given(counts_tables(languages=(2, 10)))
def test_layout_in_memory_changes_nothing(counts):
    p = counts.probabilities()
    scores = [select(np.copy(p, order=order), top_rate=0.3).score for order in "CF"]
    np.testing.assert_array_equal(*scores)


@QUICK
@given(counts_tables(languages=(2, 6)))
def test_a_silent_language_keeps_the_entropy(counts):
    # Its share is 0 and 0 · ln(0 + eps) = 0, so H stays while ln K grows. A neuron that is never
    # active is the exception: its uniform distribution now has K + 1 languages.
    p = counts.probabilities()
    K = p.shape[-1]
    silent = np.concatenate([p, np.zeros_like(p[..., :1])], axis=-1)
    before = select(p, top_rate=0.5, lambda_=0.0).score * log(K)
    after = select(silent, top_rate=0.5, lambda_=0.0).score * log(K + 1)
    never = p.max(axis=-1) == 0
    np.testing.assert_allclose(after[~never], before[~never], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(after[never], log(K + 1), rtol=1e-9)


@QUICK
@given(counts_tables(languages=(3, 6)))
def test_a_lambda_above_zero_keeps_general_neurons_out(counts):
    p = counts.probabilities()
    found = select(p, top_rate=0.3)
    general = (p > found.threshold).all(axis=-1)
    assert found.parameters["lambda_holds"] == (not (found.selected & general).any())
    if found.parameters["lambda"] > 0:
        assert found.parameters["lambda_holds"]
