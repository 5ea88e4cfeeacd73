"""Draws of published counts, which have one fold: binomial over tokens (METHOD 10)."""

import numpy as np
import pytest
from scipy import stats

from langneurons.activations.counts import Counts
from langneurons.activations.resampled import draw_texts, over_what, resampled_probabilities
from langneurons.comparison.scale import Drawn
from langneurons.uncertainty.resampling import FOLDS, TOKENS, Units

#: Of n = 900 tokens, 3,600 at a design effect of 4, the variance n p (1 − p) is 100 at p = 0.1273:
#: the first, and the last but two, are drawn from the binomial distribution itself.
P = np.array([0.01, 0.2, 0.5, 0.97, 0, 1])
NORMAL = P * (1 - P) * 900 >= 100


def counts_of(tokens=(3600, 3600), p=P):
    """One layer whose neurons have these probabilities in every language, one fold."""
    active = np.rint(np.multiply.outer(tokens, p))[:, None, None]
    return Counts(active.astype(np.int64), np.array(tokens)[:, None], ("en", "de")[: len(tokens)])


def drawn(counts, replicates=4000, seed=0, effect=4, model=0):
    draws = draw_texts(counts, replicates=replicates, seed=seed, design_effect=effect)
    return np.array(list(resampled_probabilities(counts, draws, model)))  # (R, 1, D, K)


def test_mean_and_variance_are_those_of_the_binomial_distribution():
    shares = drawn(counts_of())[:, 0]  # (R, D, K)
    assert shares.dtype == np.float32
    expected = np.sqrt(P * (1 - P) / 900)
    # The mean of 4,000 draws has a standard error of sd / 63, and their sd one of about sd / 89.
    assert (np.abs(shares.mean(axis=0) - P[:, None]) <= 1e-7 + expected[:, None] / 13).all()
    np.testing.assert_allclose(shares.std(axis=0)[:4], np.tile(expected[:4, None], 2), rtol=0.06)
    # Never active, always active: no doubt.
    assert (shares[:, 4] == 0).all()
    assert (shares[:, 5] == 1).all()


def test_few_tokens_are_binomial_and_many_as_good_as():
    shares = drawn(counts_of())[:, 0, :, 0].astype(np.float64)  # (R, D)
    assert NORMAL.tolist() == [False, True, True, False, False, False]
    for p, found, normal in zip(P[:4], shares.T, NORMAL, strict=False):
        number = found * 900
        whole = np.abs(number - np.rint(number)) < 1e-3
        assert whole.all() != normal
        # The largest distance from the distribution itself: of 4,000 draws about 0.02 by chance; a
        # step of it is at most 0.04 high where it is taken for normal.
        points = np.arange(901)
        share_below = np.searchsorted(np.sort(number), points + 0.5) / len(number)
        assert np.abs(share_below - stats.binom.cdf(points, 900, p)).max() < 0.03


def test_languages_neurons_and_models_are_drawn_independently():
    shares = drawn(counts_of(), replicates=2000)[:, 0, 1:3]  # those with p = 0.2 and 0.5
    other = drawn(counts_of(), replicates=2000, model=1)[:, 0, 1:3]
    columns = np.concatenate([shares.reshape(2000, -1), other.reshape(2000, -1)], axis=1)
    correlations = np.corrcoef(columns.T) - np.eye(8)
    assert np.abs(correlations).max() < 0.1  # a standard error is 0.022


def test_the_design_effect_leaves_fewer_tokens_but_at_least_one():
    wide, narrow = (drawn(counts_of(), effect=effect)[:, 0, 2].std() for effect in (36, 4))
    assert wide / narrow == pytest.approx(3, rel=0.05)
    draws = draw_texts(counts_of((3600, 2410)), replicates=3, seed=0, design_effect=4)
    assert draws.units == Units(602, TOKENS)  # 602.5, to even
    least = drawn(counts_of((2, 3), np.array([0.5])), effect=100)
    assert set(least.reshape(-1)) == {0.0, 1.0}  # one token


def test_the_seed_decides():
    first, again, other = (drawn(counts_of(), replicates=3, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_published_probabilities_above_one_are_one():
    counts = counts_of(p=np.array([1.001, 0.5]))
    assert counts.probabilities().max() > 1
    assert (drawn(counts, replicates=5)[:, 0, 0] == 1).all()


def test_what_is_drawn_is_said():
    one = draw_texts(counts_of(), replicates=7, seed=0, design_effect=4)
    assert one.facts == {"folds": 1, "units": {"number": 900, "name": "tokens"}, "draws": 7}
    assert over_what(one.facts) == "over tokens alone, of one fold"
    active = np.ones((1, 12, 1, 2), int)
    twelve = Counts(active, np.full((1, 12), 2), ("en",))
    several = draw_texts(twelve, replicates=7, seed=0, design_effect=4)
    assert several.facts == {"folds": 12, "units": {"number": 12, "name": "folds"}, "draws": 7}
    assert over_what(several.facts) == "over texts"


def test_tokens_are_drawn_only_where_no_model_has_several_folds():
    active = np.ones((1, 2, 1, 2), int)
    first, second = (Counts(active, np.array([tokens]), ("en",)) for tokens in ([9, 0], [9, 9]))
    options = {"replicates": 5, "seed": 0, "design_effect": 1}
    draws = draw_texts(first, second, **options)
    assert (draws.units, len(draws)) == (Units(1, FOLDS), 0)
    assert draw_texts(first, first, **options).units == Units(9, TOKENS)
    elsewhere = Counts(active, np.array([[0, 9]]), ("en",))
    draws = draw_texts(first, elsewhere, **options)
    assert (draws.units, len(draws)) == (Units(0, FOLDS), 0)


def test_two_models_of_published_counts_are_compared_in_draws_of_their_own():
    counts = counts_of(p=np.linspace(0.3, 0.6, 40))
    drawn = Drawn(counts, counts, replicates=5, seed=0, design_effect=4)
    pairs = drawn.typed("lape", {"top_rate": 0.5, "threshold_quantile": 0.5}, "own")
    # The same counts, but not the same tokens: neurons differ by chance.
    assert all((before.kind != after.kind).any() for before, after in pairs)
