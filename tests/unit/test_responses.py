"""Responses that come with the data, and the shares that they are written in."""

import pandas as pd
import pytest
from small_corpus import TEMPLATE, small_corpus, write_and_read

from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.responses.collection import merge_responses
from langneurons.responses.given import given_responses
from langneurons.responses.grading import grade, grade_numbers, write_grades
from langneurons.responses.language import WORDLESS
from langneurons.responses.rows import share_of_problems
from langneurons.responses.schemas import GRADES, RESPONSES


@pytest.fixture
def corpus():
    return small_corpus()


@pytest.fixture
def answered(corpus):
    """Three problems in two languages, with responses."""
    corpus["responses"] = [
        ["She has 1 egg in the end.", "There are two eggs and nothing else."],
        ["Sie hat am Ende noch 1 Ei übrig."],
        ["That makes 1,002 eggs for her."],
        ["That makes 2 eggs for her."],
        ["12 + 3 = 15"],
        ["Es bleiben noch 3 Eier für sie übrig."],
    ]
    corpus.loc[5, "answer"] = None
    return corpus


def test_given_responses(answered):
    table = given_responses(answered, TEMPLATE, ["en", "de"])
    assert list(table.columns) == RESPONSES.names
    assert table["problem"].tolist() == ["0001"] * 3 + ["0002"] * 2 + ["0003"] * 2
    assert table["language"].tolist() == ["en", "en", "de", "en", "de", "en", "de"]
    assert table["sample"].tolist() == [0, 1, 0, 0, 0, 0, 0]
    assert table["prompt"][0] == "English : how many"
    assert table["response"][2] == "Sie hat am Ende noch 1 Ei übrig."


def test_grades(answered):
    table = grade(given_responses(answered, TEMPLATE, ["en", "de"]), answered, ["en", "de"])
    assert set(table.columns) == set(GRADES.names)
    assert table["prediction"].fillna(-1).tolist() == [1, -1, 1, 1002, 2, 15, 3]
    assert table["correct"].tolist() == [True, False, True, False, True, False, pd.NA]
    found = table["response_language"].fillna("?").tolist()
    assert found == ["en", "en", "de", "en", "en", WORDLESS, "de"]


def test_answers_need_not_be_whole_numbers(corpus):
    corpus["answer"] = [2.5, 2.5, 0.125, 3.0, 3.0, 1.0]
    texts = ["It is 2.5.", "Es sind 2,5.", "It is 0.12.", "Es sind 3,0.", "3.4", "1,4"]
    table = grade_numbers(corpus.assign(response=texts), corpus)
    assert table["correct"].tolist() == [True, True, False, True, False, False]


def test_numbers_are_read_as_the_language_asked_in_writes_them(corpus):
    # Each problem is in English and in German.
    corpus["answer"] = [70.0, 70_000.0] * 3
    table = grade_numbers(corpus.assign(response="70.000 $"), corpus)
    assert corpus["language"].tolist() == ["en", "de"] * 3
    assert table["correct"].all()


def test_given_responses_follow_the_order_of_the_languages(answered):
    table = given_responses(answered, TEMPLATE, ["de", "en"])
    assert table["language"].tolist()[:3] == ["de", "en", "en"]


def test_a_problem_without_given_response(answered):
    answered["responses"] = [*answered["responses"][:3], [], *answered["responses"][4:]]
    message = (
        r"problem '0002', language de: no response came with the data, expected at least one "
        r"\(1 of 6 rows have none\)"
    )
    with pytest.raises(InputError, match=message):
        given_responses(answered, TEMPLATE, ["en", "de"])


def test_written_given_responses(answered, tmp_path):
    write_and_read(answered, tmp_path)
    assert read_provenance(tmp_path / "responses.parquet")["template"] == TEMPLATE


def test_written_grades(answered, tmp_path):
    write_and_read(answered, tmp_path)
    responses, corpus = tmp_path / "responses.parquet", tmp_path / "corpus.parquet"
    write_grades(responses, corpus, tmp_path / "grades.parquet", ["en", "de"])
    table = read_table(tmp_path / "grades.parquet", GRADES)
    assert table["correct"].tolist() == [True, False, True, False, True, False, None]
    assert table["response_language"].eq(WORDLESS).tolist() == [False] * 5 + [True, False]
    assert table["answer"].fillna(-1).tolist() == [1, 1, 1, 2, 2, 3, -1]


def test_grades_need_the_corpus_that_was_responded_to(answered, tmp_path):
    write_and_read(answered, tmp_path)
    write_table(answered[answered["problem"] != "0002"], tmp_path / "corpus.parquet", CORPUS)
    with pytest.raises(
        InputError,
        match=r"responses\.parquet, \S+corpus\.parquet: problem '0002', language en, sample 0: "
        "the corpus has no such problem",
    ):
        write_grades(
            tmp_path / "responses.parquet",
            tmp_path / "corpus.parquet",
            tmp_path / "grades.parquet",
            ["en", "de"],
        )


@pytest.mark.parametrize("of", [1, 2, 3, 5])
def test_shares_merge_to_what_one_job_writes(answered, tmp_path, of):
    whole = write_and_read(answered, tmp_path)
    paths = [tmp_path / f"{index}.parquet" for index in range(1, of + 1)]
    shares = [share_of_problems(answered, (index, of)) for index in range(1, of + 1)]
    for path, part in zip(paths, shares, strict=True):
        write_and_read(part, tmp_path, output=path)
    assert sum(map(len, shares)) == len(answered)
    # Scheduling does not order the shares.
    merge_responses(paths[::-1], tmp_path / "merged.parquet", ["en", "de"])
    pd.testing.assert_frame_equal(read_table(tmp_path / "merged.parquet", RESPONSES), whole)
    assert read_provenance(tmp_path / "merged.parquet")["shares"] == of


def test_shares_are_contiguous_and_even(corpus):
    # 3 problems in 2 shares: ⌊0⌋–⌊3/2⌋ = 1 problem and 2.
    assert share_of_problems(corpus, (1, 2))["problem"].unique().tolist() == ["0001"]
    assert share_of_problems(corpus, (2, 2))["problem"].unique().tolist() == ["0002", "0003"]


@pytest.mark.parametrize("share", [(0, 2), (3, 2)])
def test_shares_count_from_one(corpus, share):
    with pytest.raises(ValueError, match="expected an index from 1 to 2"):
        share_of_problems(corpus, share)


def test_shares_that_overlap(answered, tmp_path):
    write_and_read(answered, tmp_path)
    path = tmp_path / "responses.parquet"
    with pytest.raises(
        InputError, match="problem '0001', language en, sample 0 is in two of these shares"
    ):
        merge_responses([path, path], tmp_path / "merged.parquet", ["en", "de"])


def test_an_error_names_the_corpus(corpus, tmp_path):
    with pytest.raises(InputError, match=r"corpus\.parquet: problem '0001', language en: no resp"):
        write_and_read(corpus, tmp_path)
