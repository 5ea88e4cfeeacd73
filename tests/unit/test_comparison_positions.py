"""Which individual neurons keep their type: overlap and transitions (METHOD 4)."""

import numpy as np
from core_cases import QUICK, one_layer, typed_neurons, write_case
from hypothesis import given

from langneurons.artifacts.tables import read_table
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
