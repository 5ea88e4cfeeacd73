"""Statistics that are sums, with or without whole numbers, in the format of counts."""

import numpy as np
import pyarrow as pa
import pytest

from langneurons.activations.counts import (
    ACTIVATIONS,
    Counts,
    read_counts,
    read_probabilities,
    write_counts,
)
from langneurons.activations.resampled import draw_texts, resampled_probabilities
from langneurons.activations.sums import SUMS, merge_sums, read_sums, write_quotients, write_sums
from langneurons.artifacts.tables import read_arrow, read_provenance, write_table
from langneurons.errors import InputError

LANGUAGES = ("en", "sw", "th")


def some_sums(folds: int = 4, seed: int = 0, scale: float = 1.0) -> Counts:
    """Real numbers of three languages, two layers and five neurons, over 5 to 29 tokens a fold."""
    random = np.random.default_rng(seed)
    active = random.exponential(scale, (len(LANGUAGES), folds, 2, 5))
    return Counts(active, random.integers(5, 30, (len(LANGUAGES), folds)), LANGUAGES)


def test_real_numbers_come_back_to_the_last_bit_in_the_order_asked_for(tmp_path):
    sums, path = some_sums(scale=1e-7), tmp_path / "sums.parquet"
    write_sums(sums, path, {"model": "m"})
    assert read_arrow(path, SUMS)["active"].type == pa.list_(pa.float64())
    found = read_sums(path, ["th", "en"])
    assert found.languages == ("th", "en")
    np.testing.assert_array_equal(found.active, sums.active[[2, 0]])
    np.testing.assert_array_equal(found.tokens, sums.tokens[[2, 0]])
    assert read_provenance(path)["model"] == "m"
    with pytest.raises(InputError, match=r"holds 'sums' .*expected 'activations'"):
        read_counts(path, LANGUAGES)


def test_whole_numbers_stay_whole(tmp_path):
    counts = Counts(some_sums(scale=9).active.astype(np.int64), some_sums().tokens, LANGUAGES)
    write_counts(counts, tmp_path / "counts.parquet", {})
    found = read_sums(tmp_path / "counts.parquet", LANGUAGES)
    assert np.issubdtype(found.active.dtype, np.integer)
    np.testing.assert_array_equal(found.active, counts.active)
    assert read_arrow(tmp_path / "counts.parquet", ACTIVATIONS).num_rows == 3 * 4 * 2


def test_shares_are_added_up(tmp_path):
    parts = [some_sums(seed=seed) for seed in range(3)]
    paths = [tmp_path / f"{index}.parquet" for index in range(3)]
    for part, path in zip(parts, paths, strict=True):
        write_sums(part, path, {"share": [1, 3], "model": "m"})
    merge_sums(paths, tmp_path / "all.parquet", LANGUAGES)
    found = read_sums(tmp_path / "all.parquet", LANGUAGES)
    np.testing.assert_allclose(found.active, sum(part.active for part in parts), rtol=1e-15)
    np.testing.assert_array_equal(found.tokens, sum(part.tokens for part in parts))
    facts = read_provenance(tmp_path / "all.parquet")
    assert (facts["shards"], facts["model"], "share" in facts) == (3, "m", False)
    write_sums(some_sums(folds=3), paths[2], {})
    with pytest.raises(InputError, match=r"2\.parquet: shape \(3, 3, 2, 5\), expected \(3, 4, 2"):
        merge_sums(paths, tmp_path / "all.parquet", LANGUAGES)


def test_quotients_are_sums_over_tokens(tmp_path):
    sums = some_sums()
    write_sums(sums, tmp_path / "sums.parquet", {})
    write_quotients(tmp_path / "sums.parquet", tmp_path / "q.parquet", LANGUAGES)
    found = read_probabilities(tmp_path / "q.parquet", LANGUAGES)
    expected = sums.active.sum(axis=1) / sums.tokens.sum(axis=1)[:, None, None]
    np.testing.assert_allclose(found, np.moveaxis(expected, 0, -1), rtol=1e-7)
    totals = dict(zip(LANGUAGES, sums.tokens.sum(axis=1).tolist(), strict=True))
    assert read_provenance(tmp_path / "q.parquet")["tokens"] == totals


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(tmp_path, value):
    sums = some_sums()
    sums.active[1, 2, 0, 3] = value
    write_sums(sums, tmp_path / "sums.parquet", {})
    with pytest.raises(InputError, match=r"sums\.parquet: found NaN or infinite sums"):
        read_sums(tmp_path / "sums.parquet", LANGUAGES)


def test_files_that_hold_none_are_refused(tmp_path):
    (tmp_path / "torn.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="not a readable Parquet file"):
        read_sums(tmp_path / "torn.parquet", LANGUAGES)
    with pytest.raises(InputError, match="no such file"):
        read_sums(tmp_path / "none.parquet", LANGUAGES)
    write_sums(some_sums(), tmp_path / "sums.parquet", {})
    rows = read_arrow(tmp_path / "sums.parquet", SUMS)
    write_table(rows.slice(0, 5), tmp_path / "part.parquet", SUMS, {})
    with pytest.raises(InputError, match=r"part\.parquet: expected 1 languages"):
        read_sums(tmp_path / "part.parquet", ["en"])


def test_draws_of_folds_are_weighted_sums_in_full_precision():
    sums = some_sums(folds=12, scale=1e-3)
    # As float32, one sum of each fold would swallow the small ones.
    sums.active[..., 0] *= 1e-9
    draws = draw_texts(sums, replicates=11, seed=3, design_effect=1)
    assert (len(draws), draws.units.number) == (11, 12)
    for weights, found in zip(draws.weights, resampled_probabilities(sums, draws), strict=True):
        for k in range(len(LANGUAGES)):
            total = sum(n * sums.active[k, fold] for fold, n in enumerate(weights))
            tokens = sum(n * sums.tokens[k, fold] for fold, n in enumerate(weights))
            np.testing.assert_allclose(found[..., k], total / tokens, rtol=1e-7)


def test_sums_in_one_fold_count_no_tokens_that_could_be_drawn():
    sums = some_sums(folds=1)
    assert len(draw_texts(sums, replicates=5, seed=0, design_effect=1)) == 0
    counts = Counts(np.zeros((3, 1, 2, 5), dtype=np.int64), sums.tokens, LANGUAGES)
    assert len(draw_texts(counts, replicates=5, seed=0, design_effect=1)) == 5
