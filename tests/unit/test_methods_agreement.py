"""How far methods find the same neurons, against counts by hand and slow loops."""

import numpy as np
import pytest
from core_cases import LANGUAGES, one_layer, write_case

from langneurons.activations.counts import Counts, write_counts
from langneurons.activations.overlaps import write_overlaps
from langneurons.activations.sums import write_sums
from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.comparison.methods import (
    AGREEMENT,
    HALVES,
    agreement,
    write_agreement,
    write_halves,
    write_halves_by_overlap,
)
from langneurons.errors import InputError
from langneurons.neurons.overlaps import neurons_by_overlap
from langneurons.neurons.types import GENERAL, OTHER, RELATED, SPECIFIC, Neurons
from langneurons.uncertainty.overlaps import overlap_interval

K, L, D = 3, 2, 12


def masks(seed, share=0.4):
    return np.random.default_rng(seed).random((K, L, D)) < share


def row_of(table, first, second, language):
    same = table["language"].isna() if language is None else table["language"] == language
    (row,) = table[same & (table["first"] == first) & (table["second"] == second)].itertuples()
    return row


def test_each_pair_in_each_language_against_sets():
    found = {"a": masks(0), "b": masks(1, 0.2), "c": masks(2)}
    halves = {"a": np.stack([masks(3), masks(4)])}
    names = LANGUAGES[:K]
    table = agreement(found, halves, names)
    assert list(table.columns) == AGREEMENT.names
    # Three pairs and the halves of one method, each with a mean.
    assert len(table) == 4 * (K + 1)
    pairs = {
        ("a", "a"): halves["a"],
        **{(x, y): (found[x], found[y]) for x, y in ("ab", "ac", "bc")},
    }
    for (first, second), (one, other) in pairs.items():
        for k, language in enumerate(names):
            A = {(i, j) for i in range(L) for j in range(D) if one[k, i, j]}
            B = {(i, j) for i in range(L) for j in range(D) if other[k, i, j]}
            row = row_of(table, first, second, language)
            assert (row.n_first, row.n_second, row.n_both) == (len(A), len(B), len(A & B))
            assert row.overlap == pytest.approx(len(A & B) / min(len(A), len(B)))
            assert row.jaccard == pytest.approx(len(A & B) / len(A | B))
            sizes = [
                np.array([sum(i == layer for i, _ in S) for layer in range(L)]) for S in (A, B)
            ]
            assert row.expected == pytest.approx(sizes[0] @ sizes[1] / D)
            assert row.chance == pytest.approx(row.expected / min(len(A), len(B)))
            united = len(A) + len(B) - row.expected
            assert row.chance_jaccard == pytest.approx(row.expected / united)
            assert (row.expected_low, row.expected_high) == overlap_interval(*sizes, D)


def test_a_pair_has_the_ceiling_of_either_method_where_it_is_known():
    halves = {"b": np.stack([masks(3), masks(4)])}
    table = agreement({"a": masks(0), "b": masks(1)}, halves, LANGUAGES[:K])
    for language in LANGUAGES[:K]:
        row = row_of(table, "a", "b", language)
        assert np.isnan(row.ceiling_first)
        assert row.ceiling_second == row_of(table, "b", "b", language).overlap


def test_a_mean_leaves_out_languages_of_which_one_has_no_neurons():
    first, second = masks(0), masks(1)
    second[0] = False
    table = agreement({"a": first, "b": second}, {}, LANGUAGES[:K])
    none, *others = (row_of(table, "a", "b", language) for language in LANGUAGES[:K])
    assert np.isnan(none.overlap)
    assert none.jaccard == none.expected == 0
    mean = row_of(table, "a", "b", None)
    for name in ("overlap", "jaccard", "chance"):
        assert getattr(mean, name) == pytest.approx(np.mean([getattr(one, name) for one in others]))
    assert mean.n_first == first.sum()
    assert mean.n_both == (first & second).sum()
    assert np.isnan(mean.expected_low)


#: Two neurons of four are selected, the one of English and the one of Russian; in odd folds the
#: second and the third.
EVEN = one_layer((1, 0), (0, 1), (1, 1), (1, 1))
ODD = one_layer((1, 1), (0, 1), (1, 0), (1, 1))
PARAMETERS = {"top_rate": 0.5, "threshold_quantile": 0.25, "lambda_": 0.0}


def counts_of(folds):
    p = [np.moveaxis((EVEN, ODD)[fold % 2], -1, 0) for fold in range(folds)]
    active = (np.stack(p, axis=1) * 64).astype(np.int64)
    return Counts(active, np.full((2, folds), 64), LANGUAGES[:2])


def test_halves_are_the_neurons_on_even_and_odd_folds(tmp_path):
    write_counts(counts_of(10), tmp_path / "counts", {})
    output = tmp_path / "halves"
    write_halves(tmp_path / "counts", output, "ternary", PARAMETERS, LANGUAGES[:2])
    table = read_table(output, HALVES)
    found = [(row.half, row.language, row.neurons.tolist()) for row in table.itertuples()]
    assert found == [(1, "en", [0]), (1, "ru", [1]), (2, "en", [2]), (2, "ru", [1])]
    assert read_provenance(output)["method"] == "ternary"


def test_too_few_folds_have_no_halves(tmp_path):
    write_counts(counts_of(9), tmp_path / "counts", {})
    write_halves(tmp_path / "counts", tmp_path / "halves", "ternary", PARAMETERS, LANGUAGES[:2])
    assert read_table(tmp_path / "halves", HALVES).empty


def test_files_of_methods_make_one_table(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
    first = write_case(tmp_path / "a", EVEN, **PARAMETERS)[2]
    second = write_case(tmp_path / "b", ODD, **PARAMETERS)[2]
    write_counts(counts_of(10), tmp_path / "counts", {})
    halves = tmp_path / "halves"
    write_halves(tmp_path / "counts", halves, "ternary", PARAMETERS, LANGUAGES[:2])
    output = tmp_path / "agreement"
    arguments = (output, ["x", "y"], ["y"], LANGUAGES[:2])
    write_agreement([first, second], [halves], *arguments)
    table = read_table(output, AGREEMENT)
    # English: neuron 0 against 2; Russian: 1 against 1. The halves are those two.
    for pair in ("xy", "yy"):
        rows = [row_of(table, *pair, language) for language in LANGUAGES[:2]]
        assert [(row.n_first, row.n_second, row.n_both) for row in rows] == [(1, 1, 0), (1, 1, 1)]
        assert [row.expected for row in rows] == [0.25, 0.25]
    assert row_of(table, "x", "y", None).overlap == 0.5
    assert row_of(table, "x", "y", None).ceiling_second == 0.5
    assert read_provenance(output)["methods"] == ["x", "y"]


def test_neurons_of_another_model_are_refused(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
    first = write_case(tmp_path / "a", EVEN, **PARAMETERS)[2]
    second = write_case(tmp_path / "b", EVEN[:, :3], **PARAMETERS)[2]
    with pytest.raises(InputError, match="1 layers × 3 neurons, expected 1 × 4 as in"):
        write_agreement([first, second], [], tmp_path / "x", ["x", "y"], [], LANGUAGES[:2])


def test_no_rows_but_pairs_without_halves():
    table = agreement({"a": masks(0), "b": masks(1)}, {}, LANGUAGES[:K])
    assert set(zip(table["first"], table["second"], strict=True)) == {("a", "b")}


def test_halves_by_overlap_are_the_neurons_on_either_half(tmp_path):
    random = np.random.default_rng(0)
    pairs = random.random((3, 1, 3, 20)).astype(np.float32)  # texts, layer, pair, neuron
    languages = LANGUAGES[:3]
    tokens = np.full((3, 3), 9)
    write_overlaps(pairs, tokens, languages, tmp_path / "overlaps", {})
    sums = random.random((3, 2, 1, 20))
    write_sums(Counts(sums, np.full((3, 2), 9), languages), tmp_path / "means", {})
    paths = (tmp_path / "overlaps", tmp_path / "means")
    parameters = {"top_rate": 0.2}
    write_halves_by_overlap(*paths, tmp_path / "halves", "dln", parameters, languages)
    table = read_table(tmp_path / "halves", HALVES)
    for half, texts in ((1, "even"), (2, "odd")):
        neurons = neurons_by_overlap(*paths, parameters, languages, texts)[0]
        found = table[table["half"] == half].set_index("language")["neurons"]
        for k, language in enumerate(languages):
            assert found[language].tolist() == np.flatnonzero(neurons.active[0, :, k]).tolist()
    assert table["neurons"].map(len).sum() >= 2 * 4


def test_neurons_that_are_selected_for_all_languages_are_of_none():
    active = np.array([[[1, 1, 1], [1, 0, 0], [1, 0, 1], [1, 0, 0]]], dtype=bool)
    kind = np.array([[GENERAL, SPECIFIC, RELATED, OTHER]])
    selected = np.array([[True, True, True, False]])
    bound = Neurons(kind, active, selected).language_bound()
    assert bound[0].tolist() == [[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 0]]
