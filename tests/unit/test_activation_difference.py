"""The activation-difference baseline on cases worked by hand (METHOD 8)."""

import numpy as np
import pytest
from core_cases import QUICK, counts_tables, one_layer
from hypothesis import given
from hypothesis import strategies as st

from langneurons.neurons.methods.activation_difference import select
from langneurons.neurons.types import GENERAL, OTHER, RELATED, SPECIFIC, identify, identify_on_scale

# Fifteen probabilities, in order: 0 three times, 1/8 twice, 1/4 twice, 1/2 six times, 3/4 twice.
# τ at quantile 0.3 is the 4th (round(4.5)): 1/8.
CASE = one_layer(
    (0.75, 0.25, 0.125),  # d[0] = 3/4 − (1/4 + 1/8) / 2 = 9/16
    (0.5, 0.5, 0.5),  # the same everywhere: no candidate
    (0, 0.5, 0),  # d[1] = 1/2 − 0 = 1/2
    (0.75, 0.5, 0.5),  # d[0] = 3/4 − 1/2 = 1/4
    (0.25, 0.125, 0),  # d[0] = 1/4 − 1/16 = 3/16
)


def test_differences_by_hand():
    found = select(CASE, top_rate=0.4, threshold_quantile=0.3)
    assert found.score[0].tolist() == pytest.approx(
        [-9 / 16, np.nan, -1 / 2, -1 / 4, -3 / 16], abs=0, nan_ok=True
    )
    assert found.parameters == {"top_rate": 0.4, "threshold_quantile": 0.3}
    # round(0.4 · 5) = 2: those of 9/16 and 1/2
    assert found.selected.tolist() == [[True, False, True, False, False]]


def test_types_are_those_of_the_other_methods():
    # Four candidates, four selected; τ = 1/8, so that N = 2, 3, 1, 3, 1.
    parameters = {"top_rate": 0.8, "threshold_quantile": 0.3}
    neurons, selection = identify(CASE, "activation_difference", parameters)
    assert selection.threshold == 0.125
    assert selection.selected.tolist() == [[True, False, True, True, True]]
    assert neurons.n_languages.tolist() == [[2, 3, 1, 3, 1]]
    assert neurons.kind.tolist() == [[RELATED, GENERAL, SPECIFIC, GENERAL, SPECIFIC]]
    # A selected neuron belongs to every language with p > τ.
    masks = np.moveaxis(neurons.masks(), -1, 0)[:, 0]
    assert [np.flatnonzero(mask).tolist() for mask in masks] == [[0, 3, 4], [0, 2, 3], [3]]


def test_a_selected_neuron_below_the_threshold_belongs_to_no_language():
    # τ is the 13th smallest, 1/2. Of the two selected only the first, (3/4, 1/4, 1/8), is above.
    neurons, selection = identify(
        CASE, "activation_difference", {"top_rate": 0.4, "threshold_quantile": 13 / 15}
    )
    assert selection.threshold == 0.5
    assert neurons.kind.tolist() == [[SPECIFIC, OTHER, OTHER, OTHER, OTHER]]
    assert neurons.masks().sum() == 1


def test_of_ties_the_earlier_is_selected():
    tied = one_layer((0.5, 0, 0), (0, 0.5, 0), (0, 0, 0.5), (0, 0, 0))
    assert select(tied, top_rate=0.5).selected.tolist() == [[True, True, False, False]]


def test_neurons_that_never_differ_are_not_selected():
    # 0.1 is no binary fraction: the mean of nine of them is exactly 0.1 all the same.
    p = np.full((2, 5, 10), 0.1, np.float32)
    assert not select(p, top_rate=0.9).selected.any()


def test_another_model_is_typed_by_the_cutoff():
    # The one neuron selected has d = 9/16; on its scale a d of 10/16 is in, one of 1/2 is not.
    parameters = {"top_rate": 0.2, "threshold_quantile": 0.3}
    selection = identify(CASE, "activation_difference", parameters)[1]
    after = one_layer((0, 0.5, 0), (0.625, 0, 0), (0.5, 0.5, 0.5), (0, 0, 0), (0, 0, 0.25))
    neurons = identify_on_scale(after, "activation_difference", selection)
    assert neurons.selected.tolist() == [[False, True, False, False, False]]


@QUICK
@given(counts_tables(languages=(2, 8)), st.data())
def test_restated_neuron_by_neuron_in_any_order_and_layout(counts, data):
    p = counts.probabilities()
    K = p.shape[-1]
    order = data.draw(st.permutations(range(K)))
    layout = data.draw(st.sampled_from("CF"))
    found = select(np.copy(p[..., order], order=layout), top_rate=0.3)
    reference = select(p, top_rate=0.3)
    np.testing.assert_array_equal(found.score, reference.score)
    np.testing.assert_array_equal(found.selected, reference.selected)
    for layer, neuron in np.ndindex(p.shape[:2]):
        values = p[layer, neuron].astype(float).tolist()
        d = [value - (sum(values) - value) / (K - 1) for value in values]
        expected = -max(d) if len(set(values)) > 1 else np.nan
        assert found.score[layer, neuron] == pytest.approx(expected, rel=1e-9, nan_ok=True)
