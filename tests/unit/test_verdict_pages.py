"""The tables of verdicts in a document, filled in from CSV files."""

import pandas as pd
import pytest

from langneurons.errors import InputError
from langneurons.tables.verdict_pages import fill_page, verdict_table

ROWS = {
    "group": ["layers", "layers", "alignment"],
    "claim": ["one", "two", "three"],
    "statement": ["There is one.", "There are two.", "There were three."],
    "estimate": [1.5, -2.25, None],
    "low": [1.0, None, None],
    "high": [2.0, None, None],
    "margin": [0.1, None, None],
    "p_holm": [0.0123, None, None],
    "verdict": ["supported", "inconclusive", "inconclusive"],
}


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "verdicts.csv"
    pd.DataFrame(ROWS).to_csv(path, index=False)
    return path


def page_of(path, inside=""):
    return f"Before.\n\n<!-- verdicts: {path} -->\n{inside}<!-- end -->\n\nAfter.\n"


def test_a_table_says_how_many_and_each_finding(csv):
    lines = verdict_table(csv).splitlines()
    assert lines[0] == "3 findings: 2 inconclusive, 1 supported."
    assert lines[4:] == [
        "| layers | There is one. | +1.50 [+1.00, +2.00] | 0.1 | 0.012 | supported |",
        "|  | There are two. | −2.25 | – | – | inconclusive |",
        "| alignment | There were three. | – | – | – | inconclusive |",
    ]
    assert lines[2].count("|") == lines[3].count("|") == lines[4].count("|")


def test_only_what_stands_between_the_marks_is_replaced(tmp_path, csv):
    page = tmp_path / "page.md"
    page.write_text(page_of(csv, "old\n") + page_of(csv))
    fill_page(page)
    assert page.read_text() == page_of(csv, verdict_table(csv)) * 2
    fill_page(page)
    assert page.read_text() == page_of(csv, verdict_table(csv)) * 2


def test_what_is_not_there_is_named_and_the_page_is_kept(tmp_path, csv):
    page = tmp_path / "page.md"
    page.write_text(page_of(csv) + page_of("no.csv"))
    with pytest.raises(InputError, match=r"no\.csv: not found; make it first, with the target ver"):
        fill_page(page)
    assert page.read_text() == page_of(csv) + page_of("no.csv")


def test_another_table_is_refused(tmp_path, csv):
    pd.DataFrame(ROWS).drop(columns="margin").to_csv(csv, index=False)
    with pytest.raises(InputError, match="found no column 'margin', expected the table `verdicts`"):
        verdict_table(csv)


def test_a_document_without_marks_is_refused(tmp_path):
    (tmp_path / "page.md").write_text("Nothing.")
    with pytest.raises(InputError, match=r"page\.md: found no table between <!-- verdicts: FILE"):
        fill_page(tmp_path / "page.md")
