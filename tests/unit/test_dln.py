"""Distribution-aware language neurons: groups against scipy's linkage, owners and types by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from experiment_cases import experiment, selection
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from test_overlaps import LANGUAGES, some_overlaps

from langneurons.activations.counts import Counts
from langneurons.activations.overlaps import read_overlaps, write_overlaps
from langneurons.activations.sums import write_sums
from langneurons.figures.facts import selection_facts
from langneurons.neurons.methods.dln import owners, select, two_groups
from langneurons.neurons.overlaps import neurons_by_overlap, write_neurons_by_overlap
from langneurons.neurons.table import read_neurons, read_summary
from langneurons.neurons.types import OTHER, RELATED, SPECIFIC

METHODS = {"ternary": {}, "dln": {}}


def symmetric(neurons, K, seed=0):
    upper = np.triu(np.random.default_rng(seed).random((neurons, K, K)), 1)
    return upper + upper.swapaxes(1, 2) + np.eye(K)


@pytest.mark.parametrize("K", [2, 3, 5, 10, 20])
def test_the_last_merge_is_that_of_single_linkage(K):
    overlaps = symmetric(60, K)
    last, group = two_groups(overlaps)
    for one, height, inside in zip(overlaps, last, group, strict=True):
        tree = linkage(squareform(1 - one, checks=False), "single")
        assert 1 - height == pytest.approx(tree[-1, 2], abs=1e-12)
        expected = fcluster(tree, 2, "maxclust")
        np.testing.assert_array_equal(inside, expected != expected[0])
        # By its meaning: it is the largest overlap across the two groups.
        assert height == one[np.ix_(inside, ~inside)].max()


def test_any_leading_axes_and_unknown_overlaps():
    overlaps = symmetric(6, 4).reshape(2, 3, 4, 4)
    overlaps[1, 2, 0, 3] = overlaps[1, 2, 3, 0] = np.nan
    last, group = two_groups(overlaps)
    assert (last.shape, group.shape) == ((2, 3), (2, 3, 4))
    assert np.argwhere(np.isnan(last)).tolist() == [[1, 2]]


def test_equal_edges_still_make_two_groups():
    last, group = two_groups(np.eye(4)[None])  # no two languages have a value in common
    assert last.tolist() == [0]
    assert group.sum() == 1
    last, _ = two_groups(np.ones((1, 4, 4)))
    assert last.tolist() == [1]


def case():
    """Five neurons of three languages: which overlap with which, and the means in each."""
    apart = {
        0: ([0.9, 0.1, 0.1], [0, 0, 5]),  # the third alone, where it is stronger
        1: ([0.2, 0.2, 0.8], [0, 4, 4]),  # the first alone, where it is weaker
        2: ([0.3, 0.7, 0.3], [1, 9, 2]),  # the second alone
        3: ([0.9, 0.9, 0.9], [1, 1, 1]),
        4: ([0.8, 0.9, 0.8], [1, 2, 3]),
    }
    overlaps = np.ones((1, 5, 3, 3))
    for neuron, (numbers, _) in apart.items():
        for (a, b), number in zip([(0, 1), (0, 2), (1, 2)], numbers, strict=True):
            overlaps[0, neuron, a, b] = overlaps[0, neuron, b, a] = number
    return overlaps, np.array([[means for _, means in apart.values()]], dtype=float)


def test_the_group_with_the_higher_mean_owns_a_neuron():
    overlaps, means = case()
    found, owned = select(overlaps, top_rate=0.6), owners(overlaps, means)
    np.testing.assert_allclose(found.score[0], [0.1, 0.2, 0.3, 0.9, 0.8])
    assert found.selected[0].tolist() == [True, True, True, False, False]
    assert owned[0, :3].tolist() == [
        [False, False, True],
        [False, True, True],
        [False, True, False],
    ]


@pytest.fixture
def written(tmp_path):
    """Overlaps and means of three languages in both halves, in files."""
    overlaps, tokens = some_overlaps(), np.array([[9, 8, 7], [5, 4, 3], [4, 4, 4]])
    write_overlaps(overlaps, tokens, LANGUAGES, tmp_path / "overlaps.parquet", {})
    sums = np.random.default_rng(1).normal(size=(3, 2, 2, 5))
    write_sums(Counts(sums, tokens[1:].T, tuple(LANGUAGES)), tmp_path / "means.parquet", {})
    return tmp_path / "overlaps.parquet", tmp_path / "means.parquet"


def test_artefacts_are_those_of_any_method(tmp_path, written):
    outputs = tmp_path / "neurons.parquet", tmp_path / "summary.parquet"
    parameters = {"top_rate": 0.4}
    write_neurons_by_overlap(*written, *outputs, "dln", parameters, LANGUAGES)
    expected, found, _ = neurons_by_overlap(*written, parameters, LANGUAGES)
    neurons = read_neurons(outputs[0], LANGUAGES)
    np.testing.assert_array_equal(neurons.kind, expected.kind)
    np.testing.assert_array_equal(neurons.active, expected.active)
    np.testing.assert_array_equal(neurons.selected, found.selected)
    N = neurons.n_languages
    assert neurons.selected.sum() == 4  # 0.4 of 10
    assert ((neurons.kind == SPECIFIC) == (neurons.selected & (N == 1))).all()
    assert ((neurons.kind == RELATED) == (neurons.selected & (N == 2))).all()
    assert ((neurons.kind == OTHER) == ~neurons.selected).all()
    summary = read_summary(outputs[1])
    assert np.isnan(summary["threshold"])
    assert summary["specific"] + summary["related"] == 4
    assert selection_facts(summary).endswith("Method dln, 40\u00a0% selected.")


@pytest.mark.parametrize("texts", ["even", "odd"])
def test_halves_of_the_texts_are_selected_by_themselves(written, texts):
    neurons, found, means = neurons_by_overlap(*written, {"top_rate": 0.4}, LANGUAGES, texts)
    overlaps = read_overlaps(written[0], LANGUAGES, texts)
    expected = select(overlaps, 0.4)
    np.testing.assert_array_equal(found.score, expected.score)
    owned = owners(overlaps, means) & expected.selected[..., None]
    np.testing.assert_array_equal(neurons.active, owned)
    whole, _, _ = neurons_by_overlap(*written, {"top_rate": 0.4}, LANGUAGES)
    assert (whole.active != neurons.active).any()


def test_a_run_measures_overlaps_in_one_job_and_leaves_out_what_draws():
    one = experiment(neurons=METHODS, collection={"histogram_memory": 70})
    keys = selection(method="dln")
    assert one.reads("measure_overlaps")(keys) == one.reads("count_activations")(keys)
    assert one.settings("measure_overlaps")(keys) == one.settings("count_activations")(keys)
    placed = one.resources("measure_overlaps")
    assert placed["histogram_memory"](SimpleNamespace(model="base")) == 70
    assert (one.overlap_methods, one.quotient_methods) == (["dln"], ["ternary"])
    assert one.settings("type_by_overlap")(keys) == {
        "method": "dln",
        "parameters": {"top_rate": 0.01},
        "languages": one.languages,
    }
    files = one.targets["all"]
    assert "results/masks/base/sums/dln.pt" in files
    for stage in ("stability", "sensitivity", "phases", "claims", "token_classes"):
        assert not any("dln" in file for file in one.targets[stage]), stage
