"""Two models on one scale, and in draws of their texts (METHOD 10)."""

import numpy as np
import pytest
from core_cases import one_layer

from langneurons.activations.counts import Counts
from langneurons.activations.resampled import Draws, resampled_probabilities
from langneurons.comparison.scale import COMMON, OWN, SCALES, Drawn, typed_pair
from langneurons.neurons.types import identify, identify_on_scale
from langneurons.uncertainty.resampling import FOLDS, Units, draw_weights

METHODS = {
    "ternary": {"top_rate": 0.1, "threshold_quantile": 0.8, "lambda_": None},
    "lape": {"top_rate": 0.1, "threshold_quantile": 0.8},
    "activation_difference": {"top_rate": 0.1, "threshold_quantile": 0.8},
}


def counts_of(seed: int, K=3, F=12, L=4, D=30, tokens=40) -> Counts:
    random = np.random.default_rng(seed)
    p = random.beta(0.5, 1.5, size=(K, 1, L, D))
    active = random.binomial(tokens, np.broadcast_to(p, (K, F, L, D)))
    return Counts(active.astype(np.int32), np.full((K, F), tokens), tuple("abc"[:K]))


def test_what_one_layer_gains_another_loses_only_on_each_models_own_scale():
    # Ten neurons of two languages; τ is the 15th smallest of 20 probabilities, one neuron selected.
    before = one_layer(*[(0.1, 0.1)] * 7, (0.9, 0), (0.5, 0.5), (0.6, 0.6))
    # The seventh becomes active in both languages; no other neuron moves.
    after = before.copy()
    after[0, 6] = 0.7
    parameters = {"top_rate": 0.1, "threshold_quantile": 0.75, "lambda_": 0.0}
    first, selection = identify(before, "ternary", parameters)
    assert selection.threshold == np.float32(0.1)
    # On the scale of before, the neuron that rose is general too, and nothing else is different.
    common = identify_on_scale(after, "ternary", selection)
    assert np.flatnonzero(common.kind != first.kind).tolist() == [6]
    # Its own τ is 0.5, since two more probabilities are high: neuron 8 is no longer above it.
    own = identify(after, "ternary", parameters)[0]
    assert np.flatnonzero(own.kind != first.kind).tolist() == [6, 8]


@pytest.mark.parametrize("method", METHODS)
def test_a_model_on_its_own_scale_is_itself(method):
    # Ties at the cut-off too: probabilities of few distinct values.
    p = np.random.default_rng(1).integers(0, 3, size=(3, 40, 3)).astype(np.float32) / 2
    neurons, selection = identify(p, method, METHODS[method])
    again = identify_on_scale(p, method, selection)
    np.testing.assert_array_equal(again.kind, neurons.kind)
    np.testing.assert_array_equal(again.selected, neurons.selected)


def test_nothing_selected_selects_nothing():
    p = np.zeros((1, 4, 2), np.float32)  # no neuron above τ = 0: LAPE has no candidate
    selection = identify(p, "lape", METHODS["lape"])[1]
    assert not identify_on_scale(p + 1, "lape", selection).selected.any()


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("method", METHODS)
def test_a_model_compared_with_itself_never_changes_in_any_draw(method, scale):
    counts = counts_of(0)
    drawn = Drawn(counts, counts, replicates=30, seed=0, design_effect=1)
    pairs = list(drawn.typed(method, METHODS[method], scale))
    assert len(pairs) == 30
    assert drawn.draws.units == Units(12, FOLDS)
    for before, after in pairs:
        np.testing.assert_array_equal(before.kind, after.kind)


def test_draws_are_typed_with_their_own_scale():
    first, second = counts_of(0), counts_of(1)
    parameters = METHODS["ternary"]
    pairs = Drawn(first, second, replicates=3, seed=5, design_effect=1).typed(
        "ternary", parameters, COMMON
    )
    draws = draw_weights(np.ones(12, bool), 3, 5)
    for draw, (before, after) in zip(draws, pairs, strict=True):
        p = first.probabilities(draw), second.probabilities(draw)
        expected = typed_pair(*p, "ternary", parameters, COMMON)
        np.testing.assert_array_equal(before.kind, expected[0].kind)
        np.testing.assert_array_equal(after.kind, expected[1].kind)
        own = typed_pair(*p, "ternary", parameters, OWN)[1]
        assert own.selected.sum() == before.selected.sum()


def test_a_fold_without_tokens_is_not_drawn():
    first, second = counts_of(0), counts_of(1)
    second.tokens[:, 3] = 0
    drawn = Drawn(first, second, replicates=50, seed=0, design_effect=1)
    assert drawn.draws.units == Units(11, FOLDS)


def test_models_with_different_folds_are_compared_without_draws():
    # Published counts have one fold, a model that is run has several.
    drawn = Drawn(counts_of(0, F=1), counts_of(1), replicates=5, seed=0, design_effect=1)
    assert drawn.draws.units == Units(0, FOLDS)
    assert not list(drawn.typed("lape", METHODS["lape"], OWN))


@pytest.mark.parametrize("tokens", [40, 2**23])
def test_resampled_probabilities_are_those_of_the_weighted_counts(tokens):
    # With 12 · 2²³ tokens float32 would no longer hold every sum.
    counts = counts_of(2, tokens=tokens)
    draws = draw_weights(np.ones(12, bool), 19, 0)
    found = list(resampled_probabilities(counts, Draws(draws, Units(12, FOLDS))))
    for draw, p in zip(draws, found, strict=True):
        np.testing.assert_array_equal(p, counts.probabilities(draw))
        assert p.dtype == np.float32
