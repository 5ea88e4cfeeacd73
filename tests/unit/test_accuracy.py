"""Accuracy and its interval."""

import pandas as pd
import pytest

from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.errors import InputError
from langneurons.responses.accuracy import ACCURACY, accuracy, write_accuracy
from langneurons.responses.language import WORDLESS
from langneurons.responses.schemas import GRADES
from langneurons.uncertainty.shares import wilson_interval


def _responses(rows):
    table = pd.DataFrame(rows, columns=["language", "correct", "response_language"])
    table["correct"] = table["correct"].astype("boolean")
    return table.assign(
        problem=[f"{index:04d}" for index in range(len(table))],
        sample=0,
        prompt="p",
        response="r",
        answer=1.0,
        prediction=1.0,
    )


ROWS = [
    ("sw", True, "sw"),
    ("sw", True, "en"),
    ("sw", False, "sw"),
    ("sw", True, None),
    ("sw", None, "sw"),
    ("en", True, "en"),
    ("en", False, "en"),
]


def test_counts_right_numbers_in_the_right_language():
    table = accuracy(_responses(ROWS)).set_index("language")
    assert list(table.index) == ["sw", "en"]
    # Of the five in Swahili one has no answer to compare with; of the four left, three numbers
    # and two languages are right, both in one response only: 1 / 4.
    assert table.loc["sw", ["n", "number_right", "language_right", "both"]].tolist() == [4, 3, 2, 1]
    assert table.loc["sw", "accuracy"] == 0.25
    assert table.loc["en", ["n", "number_right", "language_right", "both"]].tolist() == [2, 1, 2, 1]
    assert table.loc["en", "accuracy"] == 0.5
    assert table["both"].dtype == "int64"


def test_answers_without_words_are_counted_apart_from_wrong_ones():
    rows = [("sw", True, WORDLESS), ("sw", False, WORDLESS), ("sw", None, WORDLESS), *ROWS[:4]]
    row = accuracy(_responses(rows)).iloc[0]
    # One of the three without words has no answer to compare with.
    counts = ["n", "number_right", "language_right", "wordless", "both"]
    assert row[counts].tolist() == [6, 4, 2, 2, 1]
    assert accuracy(_responses(ROWS))["wordless"].tolist() == [0, 0]


def test_interval_of_wilson():
    # z = 1.959964, z² = 3.841459; 8 of 10:
    # centre (0.8 + 3.841459 / 20) / (1 + 0.3841459) = 0.992073 / 1.384146 = 0.716740
    # half   1.959964 · √(0.8·0.2/10 + 3.841459/400) / 1.384146
    #      = 1.959964 · √0.025603646 / 1.384146 = 1.959964 · 0.160012 / 1.384146 = 0.226577
    low, high = wilson_interval(8, 10)
    assert low == pytest.approx(0.716740 - 0.226577, abs=2e-6)
    assert high == pytest.approx(0.716740 + 0.226577, abs=2e-6)


def test_interval_at_the_ends():
    # No success in 10: low is 0, high z² / (n + z²) = 3.841459 / 13.841459 = 0.277533.
    assert wilson_interval(0, 10) == (0.0, pytest.approx(0.277533, abs=1e-6))
    assert wilson_interval(10, 10) == (pytest.approx(0.722467, abs=1e-6), 1.0)


def test_the_table_carries_the_interval():
    row = accuracy(_responses(ROWS)).iloc[0]
    assert (row["low"], row["high"]) == wilson_interval(1, 4)


def test_without_answers_the_share_is_unknown():
    row = accuracy(_responses([("sw", None, "sw")])).iloc[0]
    assert row["n"] == 0
    assert row[["accuracy", "low", "high"]].isna().all()


def test_written_in_the_order_of_the_configuration(tmp_path):
    write_table(_responses(ROWS), tmp_path / "responses.parquet", GRADES)
    paths = (tmp_path / "responses.parquet", tmp_path / "accuracy.parquet")
    write_accuracy(paths[0], ["en", "sw"], "base", paths[1])
    table = read_table(paths[1], ACCURACY)
    assert table["language"].tolist() == ["en", "sw"]
    assert table["accuracy"].tolist() == [0.5, 0.25]
    facts = read_provenance(paths[1])
    assert (facts["model"], facts["languages"]) == ("base", ["en", "sw"])


def test_nulls_survive_the_file(tmp_path):
    write_table(_responses([("sw", None, "sw")]), tmp_path / "responses.parquet", GRADES)
    write_accuracy(tmp_path / "responses.parquet", ["sw"], "base", tmp_path / "accuracy.parquet")
    row = read_table(tmp_path / "accuracy.parquet", ACCURACY).iloc[0]
    assert row["n"] == 0
    assert pd.isna(row["accuracy"])


def test_a_language_without_responses(tmp_path):
    write_table(_responses(ROWS), tmp_path / "responses.parquet", GRADES)
    with pytest.raises(InputError, match=r"responses\.parquet: no responses in de"):
        write_accuracy(tmp_path / "responses.parquet", ["en", "de"], "base", tmp_path / "out")
