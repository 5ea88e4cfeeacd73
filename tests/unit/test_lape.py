"""Language activation probability entropy on cases worked by hand (METHOD 7)."""

from math import log

import numpy as np
import pytest
from core_cases import QUICK, counts_tables, one_layer
from hypothesis import given
from hypothesis import strategies as st

from langneurons.neurons.methods.lape import select
from langneurons.neurons.types import GENERAL, OTHER, SPECIFIC, identify

# Fifteen probabilities, in order: 0 seven times, 1/8, 1/4 three times, 1/2 four times.
# τ at quantile 0.25 is the 4th (round(3.75)): 0.
CASE = one_layer(
    (0.5, 0, 0),  # H = 0
    (0.5, 0.5, 0),  # H = ln 2
    (0, 0, 0),  # never active: no candidate
    (0.25, 0.25, 0.25),  # H = ln 3
    (0.5, 0.125, 0),  # p' = (4/5, 1/5): H = 4/5 ln 5/4 + 1/5 ln 5 = 0.500402
)


def test_entropy_by_hand():
    found = select(CASE, top_rate=0.4, threshold_quantile=0.25)
    assert found.threshold == 0
    expected = [0, log(2), np.nan, log(3), 0.8 * log(1.25) + 0.2 * log(5)]
    np.testing.assert_allclose(found.score[0], expected, rtol=1e-12)
    assert found.score[0, 4] == pytest.approx(0.5004024)


def test_lowest_entropies_are_selected():
    # round(0.4 · 5) = 2: those of H = 0 and 0.5004
    found = select(CASE, top_rate=0.4, threshold_quantile=0.25)
    assert found.selected.tolist() == [[True, False, False, False, True]]
    assert found.parameters == {"top_rate": 0.4, "threshold_quantile": 0.25}


def test_neuron_never_above_the_threshold_is_out():
    # τ is the 10th smallest, 1/4, and (1/4, 1/4, 1/4) is not strictly above it.
    found = select(CASE, top_rate=1.0, threshold_quantile=10 / 15)
    assert found.threshold == 0.25
    assert found.selected.tolist() == [[True, True, False, False, True]]
    assert np.isnan(found.score[0, [2, 3]]).all()


def test_fewer_candidates_than_asked():
    # τ is the highest probability: no neuron is above it, none is selected.
    found = select(CASE, top_rate=0.4, threshold_quantile=1.0)
    assert found.threshold == 0.5
    assert not found.selected.any()
    assert np.isnan(found.score).all()


def test_every_selected_neuron_but_those_of_all_languages_is_specific():
    # Four candidates, four selected; N = 1, 2, 0, 3, 2.
    neurons, selection = identify(CASE, "lape", {"top_rate": 0.8, "threshold_quantile": 0.25})
    assert neurons.n_languages.tolist() == [[1, 2, 0, 3, 2]]
    assert neurons.kind.tolist() == [[SPECIFIC, SPECIFIC, OTHER, GENERAL, SPECIFIC]]
    assert selection.selected.tolist() == [[True, True, False, True, True]]


def test_mask_of_a_language_has_the_selected_neurons_of_all_languages_too():
    # As in LAPE: whatever is selected belongs to every language with p > τ.
    neurons, _ = identify(CASE, "lape", {"top_rate": 0.8, "threshold_quantile": 0.25})
    masks = np.moveaxis(neurons.masks(), -1, 0)[:, 0]
    assert [np.flatnonzero(mask).tolist() for mask in masks] == [[0, 1, 3, 4], [1, 3, 4], [3]]


def test_unselected_neuron_of_all_languages_is_general():
    neurons, _ = identify(CASE, "lape", {"top_rate": 0.4, "threshold_quantile": 0.25})
    assert neurons.kind.tolist() == [[SPECIFIC, OTHER, OTHER, GENERAL, SPECIFIC]]


@QUICK
@given(counts_tables(languages=(2, 10)), st.data())
def test_permuting_languages_changes_nothing(counts, data):
    p = counts.probabilities()
    order = data.draw(st.permutations(range(p.shape[-1])))
    found, expected = (select(q, top_rate=0.3) for q in (p[..., order], p))
    np.testing.assert_array_equal(found.score, expected.score)
    np.testing.assert_array_equal(found.selected, expected.selected)
    assert found.threshold == expected.threshold


@QUICK
@given(counts_tables(languages=(2, 5)), st.sampled_from([0.1, 0.5, 1.0]))
def test_types_restated_neuron_by_neuron(counts, top_rate):
    p = counts.probabilities()
    K = p.shape[-1]
    # τ is low, so that some are active for all languages.
    neurons, selection = identify(p, "lape", {"top_rate": top_rate, "threshold_quantile": 0.3})
    for layer, neuron in np.ndindex(p.shape[:2]):
        N = sum(value > selection.threshold for value in p[layer, neuron])
        chosen = SPECIFIC if selection.selected[layer, neuron] else OTHER
        assert neurons.kind[layer, neuron] == (GENERAL if N == K else chosen)


@QUICK
@given(counts_tables(languages=(2, 10)))
def test_layout_in_memory_changes_nothing(counts):
    p = counts.probabilities()
    scores = [select(np.copy(p, order=order), top_rate=0.3).score for order in "CF"]
    np.testing.assert_array_equal(*scores)


@QUICK
@given(counts_tables(languages=(2, 6)))
def test_a_silent_language_keeps_the_entropy(counts):
    # 0 · ln 0 = 0. The quantile moves so that τ keeps its value: L · D zeros come first in rank.
    p = counts.probabilities()
    zeros = np.zeros_like(p[..., :1])
    rank = max(round(0.6 * p.size), 1)
    quantile = (rank + zeros.size) / (p.size + zeros.size)
    before = select(p, 0.5, threshold_quantile=0.6)
    after = select(np.concatenate([p, zeros], axis=-1), 0.5, threshold_quantile=quantile)
    assert after.threshold == before.threshold
    np.testing.assert_allclose(after.score, before.score, rtol=1e-12, atol=1e-12)
