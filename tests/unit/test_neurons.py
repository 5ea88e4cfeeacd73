"""Types of neurons: each kind, and the boundaries between them (METHOD 2)."""

import numpy as np
from core_cases import QUICK, counts_tables, one_layer
from hypothesis import given
from hypothesis import strategies as st

from langneurons.activations.counts import Counts
from langneurons.experiment.declared import methods
from langneurons.neurons.methods.declaration import ACTIVATIONS
from langneurons.neurons.types import GENERAL, OTHER, RELATED, SPECIFIC, TYPES, identify

# Eighteen probabilities, in order six 0, two 1/4, …: τ, the 8th smallest, is 1/4.
PROBABILITIES = one_layer(
    (1.0, 0, 0),  # H = 0, N = 1
    (0.75, 0.5, 0),  # N = 2
    (1.0, 0.75, 0.75),  # N = 3 = K
    (0.25, 0, 0),  # exactly τ, hence N = 0, though H = 0
    (0.5, 0.75, 0.5),  # N = 3 = K
    (0.5, 0.25, 0),  # N = 1: one above τ, one exactly at τ
)
PARAMETERS = {"threshold_quantile": 8 / 18, "lambda_": 0.0}
#: What they select by is p itself, and τ is a quantile of it.
BY_ACTIVATIONS = [name for name, one in methods().items() if one.statistic == ACTIVATIONS]


def kinds(top_rate: float) -> list[str]:
    neurons, _ = identify(PROBABILITIES, "ternary", {"top_rate": top_rate, **PARAMETERS})
    return [TYPES[kind] for kind in neurons.kind[0]]


def test_order_of_the_types():
    assert (TYPES[SPECIFIC], TYPES[RELATED], TYPES[GENERAL], TYPES[OTHER]) == TYPES


def test_probability_exactly_at_the_threshold_is_not_active():
    neurons, selection = identify(PROBABILITIES, "ternary", {"top_rate": 0.5, **PARAMETERS})
    assert selection.threshold == 0.25
    assert neurons.n_languages.tolist() == [[1, 2, 3, 0, 3, 1]]
    assert neurons.active[0, 5].tolist() == [True, False, False]


def test_kinds_by_hand():
    # By entropy (λ = 0): neurons 0 and 3 (H = 0), 5 (p' = 2/3, 1/3: 0.64), 1 (p' = 3/5, 2/5:
    # 0.67), then 4 and 2 close to ln 3. round(4/6 · 6) = 4 are selected.
    # General neurons are so without being selected; number 3 is selected but active for none.
    assert kinds(4 / 6) == ["specific", "related", "general", "other", "general", "specific"]


def test_neuron_of_one_language_that_is_not_selected_is_other():
    # round(2/6 · 6) = 2: neurons 0 and 3, the lowest two.
    assert kinds(2 / 6) == ["specific", "other", "general", "other", "general", "other"]


def test_selected_neuron_of_all_languages_is_general():
    assert kinds(1.0) == ["specific", "related", "general", "other", "general", "specific"]


def test_masks_hold_a_selected_neuron_for_each_of_its_languages():
    neurons, _ = identify(PROBABILITIES, "ternary", {"top_rate": 4 / 6, **PARAMETERS})
    # Neuron 0: first language; 1: first and second; 5: first. Number 3 is active for none.
    expected = np.zeros((1, 6, 3), dtype=bool)
    expected[0, [0, 1, 5], 0] = expected[0, 1, 1] = True
    np.testing.assert_array_equal(neurons.masks(), expected)


def test_double_precision_probabilities_are_compared_without_rounding():
    # 0.1 is no float32: rounded to one, τ would lie above 0.1 and above none of the rest.
    p = np.array([[[0.1, 0.1 + 1e-12], [0.05, 0.02]]])
    neurons, selection = identify(p, "ternary", {"top_rate": 0.5, "threshold_quantile": 0.75})
    assert selection.threshold == 0.1
    assert neurons.active[0].tolist() == [[False, True], [False, False]]


@QUICK
@given(counts_tables(languages=(2, 10)), st.data())
def test_permuting_languages_permutes_masks_and_nothing_else(counts, data):
    p = counts.probabilities()
    order = data.draw(st.permutations(range(p.shape[-1])))
    found, _ = identify(p[..., order], "ternary", {"top_rate": 0.3})
    expected, _ = identify(p, "ternary", {"top_rate": 0.3})
    np.testing.assert_array_equal(found.kind, expected.kind)
    np.testing.assert_array_equal(found.n_languages, expected.n_languages)
    np.testing.assert_array_equal(found.active, expected.active[..., order])
    np.testing.assert_array_equal(found.masks(), expected.masks()[..., order])


@QUICK
@given(counts_tables(languages=(2, 6)), st.sampled_from(BY_ACTIVATIONS))
def test_a_silent_language_changes_no_neuron_number_at_fixed_threshold(counts, method):
    # With L · D zeros more, the same τ has a rank higher by L · D. N counts p > τ, so a language
    # with p = 0 everywhere adds to none; but N = K cannot be reached, so general neurons vanish.
    p = counts.probabilities()
    zeros = np.zeros_like(p[..., :1])
    rank = max(round(0.6 * p.size), 1)
    quantile = (rank + zeros.size) / (p.size + zeros.size)
    before, _ = identify(p, method, {"top_rate": 0.5, "threshold_quantile": 0.6})
    after, _ = identify(
        np.concatenate([p, zeros], axis=-1),
        method,
        {"top_rate": 0.5, "threshold_quantile": quantile},
    )
    np.testing.assert_array_equal(after.n_languages, before.n_languages)
    np.testing.assert_array_equal(after.active[..., :-1], before.active)
    assert not (after.kind == GENERAL).any()


@QUICK
@given(counts_tables(), st.integers(2, 1000), st.sampled_from(BY_ACTIVATIONS))
def test_scaling_active_and_tokens_together_changes_nothing(counts, factor, method):
    scaled = Counts(counts.active * factor, counts.tokens * factor, counts.languages)
    (found, chosen), (expected, reference) = (
        identify(table.probabilities(), method, {"top_rate": 0.3}) for table in (scaled, counts)
    )
    np.testing.assert_array_equal(found.kind, expected.kind)
    np.testing.assert_array_equal(chosen.score, reference.score)
    assert chosen.parameters == reference.parameters


@QUICK
@given(counts_tables(languages=(2, 5)), st.sampled_from([0.1, 0.5, 1.0]))
def test_types_restated_neuron_by_neuron(counts, top_rate):
    p = counts.probabilities()
    K = p.shape[-1]
    neurons, selection = identify(p, "ternary", {"top_rate": top_rate})
    for layer, neuron in np.ndindex(p.shape[:2]):
        N = sum(value > selection.threshold for value in p[layer, neuron])
        selected = selection.selected[layer, neuron]
        if N == K:
            expected = GENERAL
        elif selected and N == 1:
            expected = SPECIFIC
        elif selected and N > 1:
            expected = RELATED
        else:
            expected = OTHER
        assert neurons.kind[layer, neuron] == expected
