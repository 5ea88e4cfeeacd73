"""References by hand."""

import pandas as pd
import pytest

from langneurons.alignment.references import cleaned, reference, references


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("She has 3 * 4 = <<3*4=12>>12 eggs. #### 12", "She has 3 * 4 = 12 eggs."),
        ("  5 + 5 = <<5+5=10>>10 and 10 + 1 = <<10+1=11>>11\n", "5 + 5 = 10 and 10 + 1 = 11"),
        ("one\n\ntwo\n\nthree", "one\n\ntwo\n\nthree"),
        # What follows the final answer does not count, not even a loop.
        ("one #### 1\none\none", "one"),
        ("one\ntwo\none", None),
        ("one\n  one  ", None),
        ("#### 12", None),
        ("<<1>> \n", None),
        ("", None),
    ],
)
def test_what_can_be_translated(response, expected):
    assert reference(response) == expected


def test_a_response_that_loops_is_cleaned_as_any_other():
    assert cleaned(" 2 * 3 = <<2*3=6>>6\n2 * 3 = <<2*3=6>>6 #### 6") == "2 * 3 = 6\n2 * 3 = 6"
    assert cleaned("#### 6") == ""


def test_references_of_problems():
    rows = [
        ("p2", "en", 0, "12 eggs #### 12"),
        ("p2", "de", 0, "12 Eier"),
        ("p2", "en", 1, "loop\nloop"),
        ("p2", "en", 2, " 12 eggs"),
        ("p2", "en", 3, "13 eggs"),
        ("p1", "de", 0, "1 Ei"),
        ("p1", "en", 0, "12 eggs"),
        ("p3", "en", 0, ""),
    ]
    columns = ["problem", "language", "sample", "response"]
    table = references(pd.DataFrame(rows, columns=columns), "en")
    # Sample 2 of p2 says what sample 0 does, sample 1 repeats a line; p3 has none.
    assert table.to_numpy().tolist() == [
        ["p2", "en", 0, "12 eggs"],
        ["p2", "en", 3, "13 eggs"],
        ["p1", "en", 0, "12 eggs"],
    ]
    assert list(table.columns) == ["problem", "language", "sample", "text"]


def test_no_pivot_at_all():
    rows = pd.DataFrame(
        [("p", "de", 0, "1 Ei")], columns=["problem", "language", "sample", "response"]
    )
    assert references(rows, "en").empty
