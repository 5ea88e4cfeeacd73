"""Segmentation of the layers, its support, its uncertainty, and the paper's expectations."""

from itertools import combinations
from math import log

import numpy as np
import pandas as pd
import pytest
from core_cases import QUICK, one_layer, write_case
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from phase_cases import write_phase_artefacts

from langneurons.activations.counts import Counts
from langneurons.activations.resampled import draw_texts
from langneurons.artifacts.tables import read_table
from langneurons.errors import InputError
from langneurons.neurons.types import GENERAL, OTHER, RELATED, SPECIFIC, Neurons, identify
from langneurons.phases.expectations import EXPECTATIONS, expectations
from langneurons.phases.segmentation import (
    LAYERS,
    SUPPORT,
    composition,
    layer_counts,
    segment,
    support,
)
from langneurons.phases.table import PHASE_NAMES, PHASES, boundary_interval, read_phases

# Composition of four layers: specific, specific, related, general.
SHARES = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=float)


def squared_error(shares: np.ndarray, starts: list[int]) -> float:
    parts = np.split(shares, starts[1:])
    return sum(((part - part.mean(axis=0)) ** 2).sum() for part in parts)


def test_layer_counts_by_hand():
    kind = np.array([[SPECIFIC, OTHER, SPECIFIC], [GENERAL, RELATED, OTHER]])
    inactive = np.zeros((*kind.shape, 2), dtype=bool)
    neurons = Neurons(kind, active=inactive, selected=inactive[..., 0])
    assert layer_counts(neurons).tolist() == [[2, 0, 0], [0, 1, 1]]


def test_composition_by_hand():
    # 2 + 1 + 1 = 4; a layer without typed neurons has no shares, and no division by zero.
    counts = np.array([[2, 1, 1], [0, 0, 0], [0, 0, 5]])
    assert composition(counts).tolist() == [[0.5, 0.25, 0.25], [0, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("segments", "starts", "error"),
    [
        # One mean (1/2, 1/4, 1/4): 2 · (1/4 + 2/16) + 2 · (1/4 + 9/16 + 1/16) = 3/4 + 7/4 = 5/2
        (1, [0], 5 / 2),
        # Cut before layer 1: 0 + error of three unit vectors, 3 · (4 + 1 + 1)/9 = 2.
        # Cut before layer 2: 0 + mean (0, 1/2, 1/2), 2 · (1/4 + 1/4) = 1: the least.
        # Cut before layer 3: mean (2/3, 1/3, 0), 2 · 2/9 + 8/9 = 4/3.
        (2, [0, 2], 1),
        (3, [0, 2, 3], 0),
        (4, [0, 1, 2, 3], 0),
    ],
)
def test_segmentation_by_hand(segments, starts, error):
    assert segment(SHARES, segments) == starts
    assert squared_error(SHARES, starts) == pytest.approx(error)


@QUICK
@given(
    arrays(np.float64, st.tuples(st.integers(2, 7), st.just(3)), elements=st.integers(0, 4)),
    st.data(),
)
def test_no_other_cut_has_a_smaller_error(shares, data):
    segments = data.draw(st.integers(1, len(shares)))
    starts = segment(shares, segments)
    assert len(starts) == segments
    assert starts[0] == 0
    assert (np.diff([*starts, len(shares)]) >= 1).all()
    cuts = combinations(range(1, len(shares)), segments - 1)
    least = min(squared_error(shares, [0, *cut]) for cut in cuts)
    assert squared_error(shares, starts) == pytest.approx(least, abs=1e-9)


def test_bic_by_hand():
    table = support(SHARES)
    # n = 2 · 4 = 8 free values. S = 2: E = 1, 2 · 2 + 1 = 5 parameters:
    # 8 ln(1/8) + 5 ln 8 = −3 ln 8 = −6.238. S = 3 and 4: E = 0, floor 1e-12, 8 and 11 parameters.
    # S = 5 is more than there are layers.
    assert table["segments"].tolist() == [2, 3, 4]
    assert table["first_layers"].tolist() == [[0, 2], [0, 2, 3], [0, 1, 2, 3]]
    np.testing.assert_allclose(table["squared_error"], [1, 0, 0], atol=1e-12)
    floor = 8 * log(1e-12 / 8)
    expected = [-3 * log(8), floor + 8 * log(8), floor + 11 * log(8)]
    np.testing.assert_allclose(table["bic"], expected)
    assert table["bic"][0] == pytest.approx(-6.238325)
    assert table["best"].tolist() == [False, True, False]


# Lengths 2, 2, 2, 1. Language neurons a layer: 10, 1, 12, 5; general ones: 5, 20, 2, 9.
LIKE_THE_PAPER = pd.DataFrame(
    {
        "phase": [1, 2, 3, 4],
        "first_layer": [0, 2, 4, 6],
        "last_layer": [1, 3, 5, 6],
        "specific": [12, 2, 20, 3],
        "related": [8, 0, 4, 2],
        "general": [10, 40, 4, 9],
    }
)
PEAK_1 = "language_neurons_peak_in_understanding"
VANISH_2 = "language_neurons_vanish_in_reasoning"
PEAK_3 = "language_neurons_peak_in_output_transformation"
DOMINATE_2 = "general_neurons_dominate_reasoning"
FEWEST_3 = "general_neurons_fewest_in_output_transformation"
RISE_4 = "general_neurons_rise_in_outputting"


@pytest.mark.parametrize(
    ("phase", "column", "number", "failing"),
    [
        (1, "specific", 12, []),  # as it is
        (2, "specific", 5, []),  # 2.5 a layer: just a quarter of 10
        (2, "specific", 6, [VANISH_2]),  # 3 a layer
        (1, "specific", -6, [PEAK_1, VANISH_2]),  # 1 a layer, as in phase 2
        (4, "specific", 10, [PEAK_3]),  # 12 a layer, as in phase 3
        (2, "general", 2, [DOMINATE_2, FEWEST_3]),  # 1 a layer, as language neurons there
        (1, "general", 4, [FEWEST_3]),  # 2 a layer, as in phase 3
        (4, "general", 2, [FEWEST_3, RISE_4]),  # 2 a layer, as in phase 3
    ],
)
def test_expectations_by_hand(phase, column, number, failing):
    phases = LIKE_THE_PAPER.copy()
    phases.loc[phases["phase"] == phase, column] = number
    table = expectations(phases)
    assert table.columns.tolist() == EXPECTATIONS.names
    assert table["expectation"].tolist() == [
        PEAK_1, VANISH_2, PEAK_3, DOMINATE_2, FEWEST_3, RISE_4
    ]  # fmt: skip
    assert table.loc[~table["holds"].astype(bool), "expectation"].tolist() == failing


def test_expectations_show_what_was_observed():
    table = expectations(LIKE_THE_PAPER).set_index("expectation")
    assert table["observed"].to_dict() == {
        PEAK_1: "10.0 vs 1.0",
        VANISH_2: "1.0 vs 10.0",
        PEAK_3: "12.0 vs 1.0 and 5.0",
        DOMINATE_2: "20.0 vs 1.0 per layer",
        FEWEST_3: "5.0 / 20.0 / 2.0 / 9.0",
        RISE_4: "9.0 vs 2.0",
    }


# Low enough a quantile that τ = 0 in the cases below: every neuron ever active is so above τ.
PARAMETERS = {"top_rate": 0.75, "threshold_quantile": 0.1, "lambda_": 0.0}


def folds_of(*boundaries: int, L: int = 4, tokens: int = 16) -> Counts:
    """Two languages, one fold a boundary, two neurons a layer.

    Before the boundary both neurons are specific to the first language, from it on general.
    """
    active = np.zeros((2, len(boundaries), L, 2), dtype=int)
    active[0] = tokens
    for fold, boundary in enumerate(boundaries):
        active[1, fold, boundary:] = tokens
    return Counts(active, np.full((2, len(boundaries)), tokens), ("en", "ru"))


def first_layers(counts: Counts, weights: np.ndarray) -> list[int]:
    neurons, _ = identify(counts.probabilities(weights), "ternary", PARAMETERS)
    return segment(composition(layer_counts(neurons)), 2)


def interval(counts: Counts, replicates: int = 60, seed: int = 0):
    draws = draw_texts(counts, replicates=replicates, seed=seed, design_effect=1)
    return boundary_interval(counts, draws, "ternary", PARAMETERS, 2)


def test_equal_folds_leave_no_uncertainty():
    low, high = interval(folds_of(2, 2, 2))
    assert low.tolist() == high.tolist() == [0, 2]


def test_interval_spans_the_boundaries_of_the_draws():
    # Two folds are drawn as (2, 0), (1, 1) or (0, 2), each in at least a quarter of the draws, so
    # that the 2.5th and 97.5th percentiles are the least and the greatest of three boundaries.
    counts = folds_of(1, 3)
    starts = [first_layers(counts, np.array(weights))[1] for weights in ((2, 0), (1, 1), (0, 2))]
    assert (starts[0], starts[2]) == (1, 3)
    low, high = interval(counts)
    assert (low.tolist(), high.tolist()) == ([0, min(starts)], [0, max(starts)])


def test_interval_depends_on_the_seed_alone():
    counts = folds_of(1, 2, 3)
    np.testing.assert_array_equal(interval(counts, seed=3), interval(counts, seed=3))


def test_tokens_of_one_fold_leave_no_uncertainty_where_all_or_none_are_active():
    low, high = interval(folds_of(2))
    assert low.tolist() == high.tolist() == [0, 2]


def test_no_replicate_gives_no_interval():
    assert interval(folds_of(1, 3), replicates=0) is None


def test_fold_without_tokens_is_not_drawn():
    counts = folds_of(1, 3)
    counts.active[:, 1] = counts.tokens[:, 1] = 0
    low, high = interval(counts)
    assert low.tolist() == high.tolist() == [0, 1]


def test_draw_that_leaves_a_language_without_tokens_is_passed_over():
    # The second language spoke in the first fold only: draws without it have no probabilities.
    counts = folds_of(2, 2)
    counts.active[1, 1] = counts.tokens[1, 1] = 0
    low, high = interval(counts)
    assert low.tolist() == high.tolist() == [0, 2]


# Eight layers of two neurons and two languages: specific, specific, general, general, specific
# three times, then one of each.
SPECIFIC_PAIR = one_layer((1, 0), (0, 1))
GENERAL_PAIR = one_layer((1, 1), (1, 1))
EIGHT_LAYERS = np.concatenate(
    [
        *[SPECIFIC_PAIR] * 2,
        *[GENERAL_PAIR] * 2,
        *[SPECIFIC_PAIR] * 3,
        one_layer((1, 0), (1, 1)),
    ]
)


def write_all(folder, segments: int, probabilities: np.ndarray = EIGHT_LAYERS) -> dict:
    counts, _, neurons, summary = write_case(folder, probabilities, **PARAMETERS)
    return write_phase_artefacts(folder, neurons, summary, counts, segments, PARAMETERS, 5)


def test_phases_artefact_by_hand(tmp_path):
    phases = read_phases(write_all(tmp_path, segments=4)["phases"])
    assert phases.columns.tolist() == PHASES.names
    assert phases["phase"].tolist() == [1, 2, 3, 4]
    assert tuple(phases["name"]) == PHASE_NAMES
    assert phases["first_layer"].tolist() == [0, 2, 4, 7]
    assert phases["last_layer"].tolist() == [1, 3, 6, 7]
    assert phases["specific"].tolist() == [2 * 2, 0, 3 * 2, 1]
    assert phases["related"].tolist() == [0, 0, 0, 0]
    assert phases["general"].tolist() == [0, 2 * 2, 0, 1]
    # Of 1,024 tokens of one fold, all or none are active: no draw of them moves a boundary.
    for bound in ("first_layer_low", "first_layer_high"):
        assert phases[bound].tolist() == [0, 2, 4, 7]


def test_layers_artefact_by_hand(tmp_path):
    # 12 of 16 neurons are selected, among them all 11 specific ones; none is of type other.
    layers = read_table(write_all(tmp_path, segments=4)["layers"], LAYERS)
    assert layers["layer"].tolist() == list(range(8))
    assert layers["specific"].tolist() == [2, 2, 0, 0, 2, 2, 2, 1]
    assert layers["general"].tolist() == [0, 0, 2, 2, 0, 0, 0, 1]
    assert not layers[["related", "other"]].any(axis=None)


def test_support_and_expectations_artefacts(tmp_path):
    outputs = write_all(tmp_path, segments=4)
    table = read_table(outputs["support"], SUPPORT)
    assert table["segments"].tolist() == [2, 3, 4, 5]
    assert table.loc[table["best"], "segments"].tolist() == [4]
    checks = read_table(outputs["expectations"], EXPECTATIONS).set_index("expectation")["holds"]
    # Language neurons a layer: 2, 0, 2, 1; general: 0, 2, 0, 1. General ones are as few in
    # phase 1 as in phase 3.
    assert checks[~checks].index.tolist() == [FEWEST_3]


def test_other_number_of_segments_has_neither_names_nor_expectations_of_the_paper(tmp_path):
    outputs = write_all(tmp_path, segments=3)
    phases = read_phases(outputs["phases"])
    assert phases["name"].tolist() == ["segment 1", "segment 2", "segment 3"]
    assert phases["first_layer"].tolist() == [0, 2, 4]
    assert read_table(outputs["expectations"], EXPECTATIONS).empty


def test_fewer_layers_than_segments(tmp_path):
    with pytest.raises(
        InputError, match=r"neurons\.parquet: 3 layers cannot be cut into 4 segments"
    ):
        write_all(tmp_path, 4, EIGHT_LAYERS[:3])
