"""What methods took, from Snakemake's files of times."""

import numpy as np
import pandas as pd
import pytest

from langneurons.activations.counts import Counts, merge_counts, write_counts
from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.comparison.cost import COST, write_cost
from langneurons.tables import methods_cost

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmean_load\n"


def counts(path, **facts):
    write_counts(Counts(np.ones((2, 1, 1, 3), int), np.full((2, 1), 5), ("en", "de")), path, facts)
    return path


def timed(path, seconds, memory):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEAD}{seconds}\t0:00:01\t{memory}\t9\t99\n")


@pytest.fixture
def costs(tmp_path):
    """Two methods read one statistic, of two shares; a third reads another, which has no time."""
    shares = [counts(tmp_path / f"{i}", forward_tokens=100 * i, backward_tokens=0) for i in (1, 2)]
    merge_counts(shares, tmp_path / "activations", ["en", "de"])
    counts(tmp_path / "relevance")
    for name, seconds, memory in (("1-of-2", 10.5, 800), ("2-of-2", 20, 900), ("1-of-4", 9, 9)):
        timed(tmp_path / f"times/activations/{name}.tsv", seconds, memory)
    statistics = {"ternary": "activations", "relevance": "relevance", "lape": "activations"}
    benchmarks = {
        name: str(tmp_path / f"times/{name}.tsv") for name in ("activations", "relevance")
    }
    paths = [tmp_path / name for name in benchmarks]
    write_cost(paths, tmp_path / "cost", statistics, benchmarks)
    return tmp_path / "cost"


def test_shares_add_up_and_the_largest_memory_counts(costs):
    table = read_table(costs, COST).set_index("method")
    for method, other in (("ternary", "lape"), ("lape", "ternary")):
        row = table.loc[method]
        assert (row["jobs"], row["seconds"], row["memory_mib"]) == (2, 30.5, 900)
        assert (row["forward_tokens"], row["backward_tokens"]) == (300, 0)
        assert row["shared_with"].tolist() == [other]


def test_what_was_not_timed_or_said_is_null(costs):
    row = read_table(costs, COST).set_index("method").loc["relevance"]
    assert row["jobs"] == 1
    assert row[["seconds", "memory_mib", "forward_tokens", "backward_tokens"]].isna().all()
    assert row["shared_with"].tolist() == []


@pytest.mark.parametrize(("missing", "memory"), [(True, 5), (False, "-")])
def test_a_share_without_a_time_or_memory_leaves_none_of_all(tmp_path, missing, memory):
    merge_counts([counts(tmp_path / "1"), counts(tmp_path / "2")], tmp_path / "x", ["en", "de"])
    timed(tmp_path / "x-times/1-of-2.tsv", 1, 5)
    if not missing:
        timed(tmp_path / "x-times/2-of-2.tsv", 2, memory)
    write_cost([tmp_path / "x"], tmp_path / "cost", {"m": "x"}, {"x": f"{tmp_path}/x-times.tsv"})
    (row,) = read_table(tmp_path / "cost", COST).itertuples()
    assert pd.isna(row.memory_mib)
    assert pd.isna(row.seconds) if missing else row.seconds == 3
    # The shares say nothing of their tokens.
    assert pd.isna(row.forward_tokens)
    assert "forward_tokens" not in read_provenance(tmp_path / "x")


def test_the_table_names_who_shares_a_pass(costs):
    table = methods_cost.make(costs)
    assert table["shared_with"].tolist() == ["lape", "", "ternary"]
    assert table["forward_tokens"].to_csv(index=False).split() == [
        "forward_tokens",
        "300",
        '""',
        "300",
    ]
    cells = methods_cost.lay_out(table).cells
    assert cells["time (s)"].tolist() == ["30", "–", "30"]
    assert cells["tokens forwards"].tolist() == ["300", "–", "300"]
    assert cells["backwards"].tolist() == ["0", "–", "0"]
