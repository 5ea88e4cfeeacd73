"""The neurons artefact and its summary: what is written, and that it reads back the same."""

from math import log

import numpy as np
import pandas as pd
import pytest
from core_cases import LANGUAGES, QUICK_FILES, counts_tables, one_layer, write_case
from hypothesis import given
from hypothesis import strategies as st

from langneurons.activations.counts import write_counts, write_probabilities
from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.errors import InputError
from langneurons.neurons.table import NEURONS, read_neurons, read_summary, write_neurons
from langneurons.neurons.types import TYPES, identify

# Two layers of three neurons. Eighteen probabilities, in order: 0 eight times, 1/4, 1/2 …
# τ at quantile 0.5 is the 9th: 1/4.
PROBABILITIES = np.concatenate(
    [
        one_layer((1.0, 0, 0), (0.75, 0.5, 0), (1.0, 0.75, 0.75)),
        one_layer((0, 0, 0), (0.5, 0.25, 0.75), (0, 0, 0.5)),
    ]
)
PARAMETERS = {"top_rate": 0.5, "threshold_quantile": 0.5, "lambda_": 0.0}
# Three selected, those of least entropy: (1, 0, 0) and (0, 0, 1/2) with H = 0, then
# (3/4, 1/2, 0) with 0.673 of ln 3 = 1.099.
N = [1, 2, 3, 0, 2, 1]


@pytest.fixture
def paths(tmp_path):
    return write_case(tmp_path, PROBABILITIES, **PARAMETERS)


def test_one_row_a_neuron_sorted_by_layer_and_neuron(paths):
    table = read_table(paths[2], NEURONS)
    assert table["layer"].tolist() == [0, 0, 0, 1, 1, 1]
    assert table["neuron"].tolist() == [0, 1, 2, 0, 1, 2]
    assert table["n_languages"].tolist() == N
    assert table["selected"].tolist() == [True, True, False, False, False, True]
    kinds = ["specific", "related", "general", "other", "other", "specific"]
    assert table["type"].tolist() == kinds
    assert table["max_probability"].tolist() == [1, 0.75, 1, 0, 0.75, 0.5]
    listed = [list(languages) for languages in table["languages"]]
    assert listed == [["en"], ["en", "ru"], ["en", "ru", "es"], [], ["en", "es"], ["es"]]
    # p' = 3/5, 2/5: H / ln 3 = (3/5 ln 5/3 + 2/5 ln 5/2) / ln 3
    assert table["score"][1] == pytest.approx((0.6 * log(5 / 3) + 0.4 * log(2.5)) / log(3))


def test_summary_by_hand(paths):
    summary = read_summary(paths[3])
    assert summary["method"] == "ternary"
    assert list(summary["languages"]) == ["en", "ru", "es"]
    assert (summary["layers"], summary["neurons_per_layer"]) == (2, 3)
    assert (summary["top_rate"], summary["threshold_quantile"]) == (0.5, 0.5)
    assert summary["threshold"] == 0.25
    assert (summary["lambda"], summary["lambda_paper"], summary["lambda_holds"]) == (0, 0, True)
    assert summary[list(TYPES)].tolist() == [2, 1, 1, 2]
    assert list(summary["histogram_all"]) == [1, 2, 2, 1]
    assert list(summary["histogram_selected"]) == [0, 2, 1, 0]
    # en: neurons 0 and 1 of layer 0; ru: neuron 1; es: neuron 2 of layer 1
    assert list(summary["mask_sizes"]) == [2, 1, 1]


def test_provenance_names_method_and_parameters(paths):
    for path in paths[2:]:
        found = read_provenance(path)
        assert (found["method"], found["parameters"]) == ("ternary", PARAMETERS)


def test_method_without_lambda_leaves_it_null(tmp_path):
    paths = write_case(tmp_path, PROBABILITIES, "lape", top_rate=0.5)
    summary = read_summary(paths[3])
    columns = ["lambda", "lambda_paper", "lambda_holds", "lambda_unbounded"]
    assert pd.isna(summary[columns]).all()


@pytest.mark.parametrize(("top_rate", "unbounded"), [(1 / 6, True), (0.5, False)])
def test_search_without_a_bound_is_recorded_and_logged(tmp_path, caplog, top_rate, unbounded):
    # By peak alone neuron 0, (1, 0, 0), is the first: earlier than (1, 3/4, 3/4), which is active
    # for all and comes second.
    parameters = {"top_rate": top_rate, "threshold_quantile": 0.5, "lambda_": None}
    summary = read_summary(write_case(tmp_path, PROBABILITIES, **parameters)[3])
    assert summary["lambda_holds"]
    assert summary["lambda_unbounded"] == unbounded
    assert (summary["lambda"] == 0.2 * 2**26) == unbounded
    said = "probabilities.parquet: no bound up to λ = 13421772.8: no selected neuron is active"
    assert (said in caplog.text) == unbounded


def test_given_lambda_has_no_bound_to_tell(paths, caplog):
    assert pd.isna(read_summary(paths[3])["lambda_unbounded"])
    assert "no bound" not in caplog.text


def test_neuron_that_was_no_candidate_has_no_score(tmp_path):
    # LAPE: neuron 0 of layer 1 is never active.
    paths = write_case(tmp_path, PROBABILITIES, "lape", top_rate=0.5, threshold_quantile=0.5)
    table = read_table(paths[2], NEURONS)
    assert table["score"].isna().tolist() == [False, False, False, True, False, False]


@QUICK_FILES
@given(counts_tables(), st.sampled_from(["ternary", "lape"]))
def test_round_trip(tmp_path_factory, counts, method):
    folder = tmp_path_factory.mktemp("neurons")
    write_counts(counts, folder / "counts", {})
    write_probabilities(folder / "counts", folder / "p", counts.languages)
    parameters = {"top_rate": 0.4}
    write_neurons(folder / "p", folder / "n", folder / "s", method, parameters, counts.languages)
    expected, selection = identify(counts.probabilities(), method, parameters)
    found = read_neurons(folder / "n", counts.languages)
    np.testing.assert_array_equal(found.kind, expected.kind)
    np.testing.assert_array_equal(found.active, expected.active)
    np.testing.assert_array_equal(found.selected, expected.selected)
    score = read_table(folder / "n", NEURONS)["score"].to_numpy().reshape(expected.kind.shape)
    np.testing.assert_array_equal(score, selection.score)
    summary = read_summary(folder / "s")
    assert summary[list(TYPES)].sum() == expected.kind.size
    assert summary["histogram_all"].sum() == expected.kind.size
    assert summary["histogram_selected"].sum() == expected.selected.sum()


def test_languages_come_in_the_order_asked(paths):
    found = read_neurons(paths[2], ("es", "en", "ru"))
    expected = read_neurons(paths[2], LANGUAGES[:3])
    np.testing.assert_array_equal(found.active, expected.active[..., [2, 0, 1]])


def test_language_that_is_not_asked_for_is_named(paths):
    with pytest.raises(
        InputError, match=r"neurons\.parquet: has neurons of ru, expected those of en es$"
    ):
        read_neurons(paths[2], ("en", "es"))
