"""Which individual neurons keep their type: overlap and transitions (METHOD 4)."""

import numpy as np
from core_cases import LANGUAGES, QUICK, one_layer, typed_neurons, write_case
from hypothesis import given

from langneurons.activations.counts import Counts
from langneurons.artifacts.tables import read_table
from langneurons.comparison.ceiling import split_half_ceiling
from langneurons.comparison.positions import (
    OVERLAP,
    TRANSITIONS,
    overlap,
    transition_counts,
    transitions,
)
from langneurons.comparison.tables import write_dataset_overlap
from langneurons.neurons.types import GENERAL, OTHER, RELATED, SPECIFIC, TYPES, Neurons


def of_kinds(*kinds: int) -> Neurons:
    kind = np.array([kinds])
    return Neurons(kind, np.zeros((*kind.shape, 2), bool), np.zeros(kind.shape, bool))


FIRST = of_kinds(SPECIFIC, SPECIFIC, SPECIFIC, SPECIFIC, RELATED, OTHER, OTHER)
SECOND = of_kinds(SPECIFIC, SPECIFIC, RELATED, GENERAL, SPECIFIC, SPECIFIC, OTHER)


def test_transition_counts_by_hand():
    # Of four specific neurons two stay so, one becomes related, one general; and so on.
    assert transition_counts(FIRST, SECOND).tolist() == [
        [2, 1, 1, 0],
        [1, 0, 0, 0],
        [0, 0, 0, 0],
        [1, 0, 0, 1],
    ]


def test_transitions_in_long_form():
    table = transitions(FIRST, SECOND)
    assert table.columns.tolist() == TRANSITIONS.names
    table = table.set_index(["type_before", "type_after"])
    assert table["neurons"]["specific", "related"] == 1
    assert table["neurons"]["related", "specific"] == 1
    assert table["share"]["specific"].tolist() == [2 / 4, 1 / 4, 1 / 4, 0]
    assert table["share"]["other"].tolist() == [1 / 2, 0, 0, 1 / 2]
    # No neuron was general before, so there is no share of them.
    assert table["share"]["general"].isna().all()


def test_overlap_and_jaccard_by_hand():
    table = overlap(FIRST, SECOND, ("base", "aligned"))
    assert table.columns.tolist() == OVERLAP.names
    assert set(table["first"]) == {"base"}
    assert set(table["second"]) == {"aligned"}
    table = table.set_index("type")
    assert table["n_first"].tolist() == [4, 1, 0, 2]
    assert table["n_second"].tolist() == [4, 1, 1, 1]
    assert table["n_both"].tolist() == [2, 0, 0, 1]
    # |A ∩ B| / |A|: 2/4, 0/1, none, 1/2. |A ∩ B| / |A ∪ B|: 2/(4 + 4 − 2), 0/2, 0/1, 1/(2 + 1 − 1).
    np.testing.assert_array_equal(table["overlap"], [2 / 4, 0, np.nan, 1 / 2])
    np.testing.assert_array_equal(table["jaccard"], [2 / 6, 0, 0, 1 / 2])


def test_reference_of_the_overlap_is_the_first():
    backward = overlap(SECOND, FIRST, ("aligned", "base")).set_index("type")
    assert backward["overlap"]["other"] == 1  # one of one, where it was one of two
    assert backward["jaccard"]["other"] == 1 / 2


def test_overlap_by_chance_is_that_of_equal_numbers_in_each_layer():
    two_layers = [
        np.array([[SPECIFIC, SPECIFIC, RELATED, OTHER], [SPECIFIC, OTHER, OTHER, OTHER]]),
        np.array([[OTHER, SPECIFIC, RELATED, OTHER], [GENERAL, SPECIFIC, SPECIFIC, SPECIFIC]]),
    ]
    first, second = (Neurons(kind, None, None) for kind in two_layers)
    table = overlap(first, second, ("a", "b")).set_index("type")
    # Specific: (2 · 1 + 1 · 3) / 4 = 1.25 of 3, where one list of 8 gives 4 / 8 of each.
    # Related: 1 · 1 / 4 of 1. Other: (1 · 2 + 3 · 0) / 4 of 4. The first has no general one.
    np.testing.assert_array_equal(table["expected"], [1.25 / 3, 1 / 4, np.nan, 0.5 / 4])
    assert table["ceiling"].isna().all()


def test_overlap_by_chance_is_the_mean_over_shuffled_layers():
    random = np.random.default_rng(0)
    first, second = random.integers(0, 4, size=(2, 3, 50))
    shuffled = [random.permuted(second, axis=1) for _ in range(400)]
    tables = [
        overlap(*(Neurons(kind, None, None) for kind in (first, one)), ("a", "b"))
        for one in shuffled
    ]
    mean = np.mean([table["overlap"] for table in tables], axis=0)
    np.testing.assert_allclose(mean, tables[0]["expected"], atol=0.01)
    assert all(table["expected"].equals(tables[0]["expected"]) for table in tables)


def halves(first, second, F=10):
    """Counts whose even folds have the probabilities ``first``, (L, D, K), odd ones ``second``."""
    p = np.stack([np.moveaxis((first, second)[fold % 2], -1, 0) for fold in range(F)], axis=1)
    K = p.shape[0]
    return Counts((p * 64).astype(np.int64), np.full((K, F), 64), LANGUAGES[:K])


#: Of four neurons, two are selected; τ is the smaller of two values.
HALVED = {"top_rate": 0.5, "threshold_quantile": 0.25, "lambda_": 0.0}
EVEN = one_layer((1, 0), (1, 0), (1, 1), (1, 1))
ODD = one_layer((0, 1), (1, 1), (0, 1), (1, 1))


def test_ceiling_is_the_overlap_of_two_halves_of_the_texts():
    # Specific: 0 and 1 against 0 and 2, one of two; general: 2 and 3 against 1 and 3, one of two.
    found = split_half_ceiling(halves(EVEN, ODD), "ternary", HALVED)
    np.testing.assert_array_equal(found, [1 / 2, np.nan, 1 / 2, np.nan])
    # Of five general neurons one is silent in a half: the mean of 4/4 and 4/5.
    four = one_layer((1, 0), (0, 1), *[(1, 1)] * 4, (0, 0))
    five = one_layer((1, 0), (0, 1), *[(1, 1)] * 5)
    parameters = {"top_rate": 2 / 7, "threshold_quantile": 1 / 7, "lambda_": 0.0}
    found = split_half_ceiling(halves(four, five), "ternary", parameters)
    np.testing.assert_array_equal(found, [1, np.nan, 0.9, np.nan])


def test_halves_are_of_the_folds_that_hold_tokens():
    # Two empty folds among twelve: every second of the ten that are left.
    counts = halves(EVEN, ODD)
    order = [0, 10, 1, 2, 3, 10, 4, 5, 6, 7, 8, 9]
    active = np.pad(counts.active, [(0, 0), (0, 1), (0, 0), (0, 0)])[:, order]
    spread = Counts(active, np.pad(counts.tokens, [(0, 0), (0, 1)])[:, order], counts.languages)
    found = split_half_ceiling(spread, "ternary", HALVED)
    np.testing.assert_array_equal(found, [1 / 2, np.nan, 1 / 2, np.nan])


def test_no_ceiling_with_fewer_than_ten_folds_or_a_language_in_one_half():
    few = halves(EVEN, ODD, F=9)
    assert np.isnan(split_half_ceiling(few, "ternary", HALVED)).all()
    silent = halves(EVEN, ODD)
    silent.tokens[1, ::2] = 0
    assert np.isnan(split_half_ceiling(silent, "ternary", HALVED)).all()


@QUICK
@given(typed_neurons(3, 4), typed_neurons(3, 4))
def test_rows_and_columns_of_the_transitions_sum_to_the_types(before, after):
    matrix = transition_counts(before, after)
    for kind in range(len(TYPES)):
        assert matrix[kind].sum() == (before.kind == kind).sum()
        assert matrix[:, kind].sum() == (after.kind == kind).sum()
    np.testing.assert_array_equal(matrix.T, transition_counts(after, before))


@QUICK
@given(typed_neurons(3, 4), typed_neurons(3, 4))
def test_overlap_restated_with_sets_of_positions(first, second):
    table = overlap(first, second, ("a", "b")).set_index("type")
    for kind, name in enumerate(TYPES):
        A, B = ({*map(tuple, np.argwhere(n.kind == kind))} for n in (first, second))
        assert table["n_both"][name] == len(A & B)
        expected = len(A & B) / len(A) if A else np.nan
        np.testing.assert_equal(table["overlap"][name], expected)
        expected = len(A & B) / len(A | B) if A | B else np.nan
        np.testing.assert_equal(table["jaccard"][name], expected)


@QUICK
@given(typed_neurons(3, 4))
def test_a_model_overlaps_wholly_with_itself(neurons):
    table = overlap(neurons, neurons, ("a", "a"))
    present = table["n_first"] > 0
    assert (table.loc[present, ["overlap", "jaccard"]] == 1).all(axis=None)
    assert table.loc[~present, ["overlap", "jaccard"]].isna().all(axis=None)


def write_datasets(folder, *datasets: str) -> dict:
    # Three datasets of two neurons: specific and general, the reverse, both general. With τ = 0.
    rows = {
        "mgsm": one_layer((1, 0), (1, 1)),
        "msvamp": one_layer((1, 1), (1, 0)),
        "other": one_layer((1, 0), (1, 1)),
    }
    paths = {}
    for name in datasets:
        (folder / name).mkdir()
        case = write_case(folder / name, rows[name], top_rate=0.5, threshold_quantile=0.25)
        paths[name] = case[2]
    return paths


def test_every_ordered_pair_of_datasets(tmp_path):
    paths = write_datasets(tmp_path, "mgsm", "msvamp", "other")
    write_dataset_overlap(
        list(paths.values()), list(paths), tmp_path / "overlap.parquet", ("en", "ru")
    )
    table = read_table(tmp_path / "overlap.parquet", OVERLAP)
    pairs = list(table[["first", "second"]].drop_duplicates().itertuples(index=False, name=None))
    assert pairs == [
        ("mgsm", "msvamp"),
        ("mgsm", "other"),
        ("msvamp", "mgsm"),
        ("msvamp", "other"),
        ("other", "mgsm"),
        ("other", "msvamp"),
    ]
    specific = table[table["type"] == "specific"].set_index(["first", "second"])["overlap"]
    assert specific["mgsm", "msvamp"] == 0
    assert specific["mgsm", "other"] == 1


def test_one_dataset_has_no_pair(tmp_path):
    paths = write_datasets(tmp_path, "mgsm")
    write_dataset_overlap(
        list(paths.values()), list(paths), tmp_path / "overlap.parquet", ("en", "ru")
    )
    assert read_table(tmp_path / "overlap.parquet", OVERLAP).empty
