"""Counts: read, write, merge, and the activation probabilities that follow from them."""

import numpy as np
import pyarrow as pa
import pytest
from core_cases import QUICK, QUICK_FILES, counts_tables
from hypothesis import given
from hypothesis import strategies as st

from langneurons.activations.counts import (
    ACTIVATIONS,
    Counts,
    merge_counts,
    probabilities_schema,
    read_counts,
    read_probabilities,
    write_counts,
    write_probabilities,
)
from langneurons.artifacts.tables import read_arrow, read_provenance, read_table, write_table
from langneurons.errors import InputError

# Two languages, two folds, one layer, two neurons.
SMALL = Counts(
    active=np.array([[[[1, 0]], [[2, 4]]], [[[5, 0]], [[0, 1]]]]),
    tokens=np.array([[4, 8], [10, 6]]),
    languages=("en", "sw"),
)


@pytest.fixture
def written(tmp_path):
    write_counts(SMALL, tmp_path / "counts.parquet", {})
    return tmp_path / "counts.parquet"


def rows_of(path) -> pa.Table:
    return read_arrow(path, ACTIVATIONS)


def assert_same(found: Counts, expected: Counts) -> None:
    assert found.languages == expected.languages
    np.testing.assert_array_equal(found.active, expected.active)
    np.testing.assert_array_equal(found.tokens, expected.tokens)


def test_probabilities_by_hand():
    # en: (1 + 2) / (4 + 8) = 1/4 and (0 + 4) / 12 = 1/3; sw: (5 + 0) / 16 and (0 + 1) / 16
    expected = np.array([[[1 / 4, 5 / 16], [1 / 3, 1 / 16]]], dtype=np.float32)
    found = SMALL.probabilities()
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


def test_probabilities_of_a_bootstrap_draw_by_hand():
    # Second fold twice, first not at all: en 4/16 and 8/16, sw 0/12 and 2/12.
    expected = np.array([[[1 / 4, 0], [1 / 2, 1 / 6]]], dtype=np.float32)
    np.testing.assert_array_equal(SMALL.probabilities(np.array([0, 2])), expected)


def test_a_language_without_tokens_is_named():
    with pytest.raises(InputError, match=r"no response tokens were counted for sw$"):
        Counts(SMALL.active, np.array([[4, 8], [0, 0]]), SMALL.languages).probabilities()


@QUICK
@given(counts_tables(), st.integers(2, 1000))
def test_scaling_active_and_tokens_together_changes_nothing(counts, factor):
    scaled = Counts(counts.active * factor, counts.tokens * factor, counts.languages)
    np.testing.assert_array_equal(scaled.probabilities(), counts.probabilities())


@QUICK
@given(counts_tables(), st.integers(2, 9))
def test_weighing_every_fold_alike_changes_nothing(counts, weight):
    weights = np.full(counts.tokens.shape[1], weight)
    np.testing.assert_array_equal(counts.probabilities(weights), counts.probabilities())


@QUICK_FILES
@given(counts_tables())
def test_counts_round_trip(tmp_path_factory, counts):
    path = tmp_path_factory.mktemp("counts") / "counts.parquet"
    write_counts(counts, path, {"seed": 1})
    assert_same(read_counts(path, counts.languages), counts)
    assert read_provenance(path)["seed"] == 1


def test_rows_are_sorted_by_language_fold_and_layer(written):
    rows = rows_of(written).to_pydict()
    assert rows == {
        "language": ["en", "en", "sw", "sw"],
        "fold": [0, 1, 0, 1],
        "layer": [0, 0, 0, 0],
        "tokens": [4, 8, 10, 6],
        "active": [[1, 0], [2, 4], [5, 0], [0, 1]],
    }


def test_rows_in_any_order_read_the_same(written):
    write_table(rows_of(written).take([2, 0, 3, 1]), written, ACTIVATIONS)
    assert_same(read_counts(written, ("en", "sw")), SMALL)


def test_languages_come_in_the_order_asked(written):
    found = read_counts(written, ("sw", "en"))
    assert_same(found, Counts(SMALL.active[::-1], SMALL.tokens[::-1], ("sw", "en")))
    assert_same(read_counts(written, ["sw"]), Counts(SMALL.active[1:], SMALL.tokens[1:], ("sw",)))


def test_missing_language_is_named_with_those_found(written):
    with pytest.raises(InputError, match=r"counts\.parquet: no counts for th; it has en sw"):
        read_counts(written, ("en", "th"))


def test_missing_row(written):
    write_table(rows_of(written).slice(1), written, ACTIVATIONS)
    with pytest.raises(InputError, match=r"expected 2 languages × 2 folds × 1 layers .* 3 rows"):
        read_counts(written, ("en", "sw"))


def test_repeated_row_in_place_of_another(written):
    write_table(rows_of(written).take([0, 1, 2, 2]), written, ACTIVATIONS)
    with pytest.raises(InputError, match="once, found twice: sw, fold 0, layer 0"):
        read_counts(written, ("en", "sw"))


def test_layers_of_different_width(written):
    rows = rows_of(written).to_pydict()
    rows["active"][3] = [0]
    write_table(pa.table(rows), written, ACTIVATIONS)
    with pytest.raises(InputError, match=r"equally many neurons, found 4 rows with \[2, 1\]"):
        read_counts(written, ("en", "sw"))


def test_count_that_does_not_fit_is_refused_rather_than_wrapped(tmp_path):
    counts = Counts(np.full((1, 1, 1, 1), 2**31), np.array([[2**32]]), ("en",))
    with pytest.raises(InputError, match=r"exceeds 2\^31; split the data into more folds"):
        write_counts(counts, tmp_path / "counts.parquet", {})


@QUICK_FILES
@given(st.data())
def test_merged_shards_equal_the_whole_for_any_split(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("shards")
    whole = data.draw(counts_tables())
    first_active = data.draw(st.integers(0, 8).map(lambda most: np.minimum(whole.active, most)))
    first_tokens = data.draw(st.integers(0, 20).map(lambda most: np.minimum(whole.tokens, most)))
    shards = [
        Counts(first_active, first_tokens, whole.languages),
        Counts(whole.active - first_active, whole.tokens - first_tokens, whole.languages),
    ]
    paths = [folder / f"{i}.parquet" for i in range(len(shards))]
    for shard, path in zip(shards, paths, strict=True):
        write_counts(shard, path, {})
    for order, name in ((paths, "forward"), (paths[::-1], "backward")):
        merge_counts(order, folder / name, whole.languages)
        assert_same(read_counts(folder / name, whole.languages), whole)
    assert (folder / "forward").read_bytes() == (folder / "backward").read_bytes()


def test_shards_of_different_shape_are_refused(tmp_path, written):
    narrow = Counts(SMALL.active[..., :1], SMALL.tokens, SMALL.languages)
    write_counts(narrow, tmp_path / "narrow.parquet", {})
    with pytest.raises(
        InputError, match=r"narrow\.parquet: shape \(2, 2, 1, 1\), expected \(2, 2, 1, 2\) as in"
    ):
        merge_counts([written, tmp_path / "narrow.parquet"], tmp_path / "sum", ("en", "sw"))


def test_sum_of_shards_that_no_longer_fits_is_refused(tmp_path):
    half = Counts(np.full((1, 1, 1, 1), 2**30), np.array([[2**31]]), ("en",))
    write_counts(half, tmp_path / "half.parquet", {})
    with pytest.raises(InputError, match=r"exceeds 2\^31"):
        merge_counts([tmp_path / "half.parquet"] * 2, tmp_path / "sum.parquet", ("en",))


@QUICK_FILES
@given(counts_tables())
def test_probabilities_round_trip(tmp_path_factory, counts):
    folder = tmp_path_factory.mktemp("probabilities")
    write_counts(counts, folder / "counts", {})
    write_probabilities(folder / "counts", folder / "p", counts.languages)
    found = read_probabilities(folder / "p", counts.languages)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, counts.probabilities())


def test_probabilities_table_has_a_row_a_neuron_and_records_the_tokens(tmp_path, written):
    write_probabilities(written, tmp_path / "p.parquet", ("sw", "en"))
    table = read_table(tmp_path / "p.parquet", probabilities_schema(("sw", "en")))
    assert list(table.columns) == ["layer", "neuron", "sw", "en"]
    assert table["layer"].tolist() == [0, 0]
    assert table["neuron"].tolist() == [0, 1]
    assert table["sw"].tolist() == [5 / 16, 1 / 16]
    assert read_provenance(tmp_path / "p.parquet")["tokens"] == {"sw": 16, "en": 12}


def test_probabilities_above_one_stay_and_are_named(tmp_path, caplog):
    # en: 6 of 4 tokens, and 4 of 4; sw: 2 of 8, and 9 of 8.
    active = np.array([[[[4, 6]]], [[[2, 9]]]])
    write_counts(Counts(active, np.array([[4], [8]]), ("en", "sw")), tmp_path / "counts", {})
    write_probabilities(tmp_path / "counts", tmp_path / "p", ("en", "sw"))
    found = read_probabilities(tmp_path / "p", ("en", "sw"))
    assert found.tolist() == [[[1, 0.25], [1.5, 1.125]]]
    assert read_provenance(tmp_path / "p")["above_one"] == 2
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert (
        "counts: 2 of 4 activation probabilities are above 1, up to 1.5, the first in layer 0, "
        "neuron 1, en: active at more tokens than there are"
    ) in record.message


def test_no_probability_above_one_is_recorded_and_not_logged(tmp_path, written, caplog):
    write_probabilities(written, tmp_path / "p.parquet", ("en", "sw"))
    assert read_provenance(tmp_path / "p.parquet")["above_one"] == 0
    assert not caplog.records
