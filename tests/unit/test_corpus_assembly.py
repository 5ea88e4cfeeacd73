"""Which problems make a corpus, and what is told about them."""

import logging

import pytest

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.assembly import build_corpus, write_corpus
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError

COLUMNS = {"language": "l", "problem": "k", "question": "q", "answer": "a"}


@pytest.fixture
def dataset(tmp_path):
    def write(*rows, **more):
        (tmp_path / "t.csv").write_text("\n".join(["l,k,q,a", *rows]))
        return {"format": "table", "path": str(tmp_path / "t.csv"), "columns": COLUMNS, **more}

    return write


# Problem c has no German, problem a no English; b and d are complete.
ROWS = ("en,d,D?,4", "en,c,C?,3", "en,b,B?,2", "de,b,B!,2", "de,a,A!,1", "de,d,D!,4")


def test_problems_missing_in_a_language_are_kept_out(dataset):
    corpus, facts = build_corpus("d", dataset(*ROWS), ["en", "de"])
    assert list(zip(corpus["problem"], corpus["language"], strict=True)) == [
        ("b", "en"),
        ("b", "de"),
        ("d", "en"),
        ("d", "de"),
    ]
    assert corpus["question"].tolist() == ["B?", "B!", "D?", "D!"]
    assert facts["problems"] == 2
    assert facts["n_incomplete"] == 2
    assert facts["incomplete"] == {"a": ["en"], "c": ["de"]}


def test_they_can_be_kept(dataset):
    corpus, facts = build_corpus("d", dataset(*ROWS, parallel=False), ["en", "de"])
    assert corpus["question"].tolist() == ["A!", "B?", "B!", "C?", "D?", "D!"]
    assert facts["problems"] == 4
    assert facts["incomplete"] == {"a": ["en"], "c": ["de"]}


def test_rows_follow_the_order_of_the_languages(dataset):
    corpus, _ = build_corpus("d", dataset(*ROWS), ["de", "en"])
    assert corpus["language"].tolist() == ["de", "en", "de", "en"]


def test_limit_takes_the_first_of_the_problems_kept(dataset):
    # In the order of the data: d, c, b; c is incomplete.
    corpus, facts = build_corpus("d", dataset(*ROWS, limit=1), ["en", "de"])
    assert corpus["question"].tolist() == ["D?", "D!"]
    assert facts["problems"] == 1
    corpus, _ = build_corpus("d", dataset(*ROWS, limit=2), ["en", "de"])
    assert corpus["problem"].unique().tolist() == ["b", "d"]
    assert len(build_corpus("d", dataset(*ROWS, limit=9), ["en", "de"])[0]) == 4


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one(dataset, limit):
    with pytest.raises(InputError, match=f"key 'limit' is {limit}, expected at least 1"):
        build_corpus("d", dataset(*ROWS, limit=limit), ["en", "de"])


def test_nothing_left(dataset):
    with pytest.raises(InputError, match="none of 2 problems is there in every language"):
        build_corpus("d", dataset("en,1,A?,1", "de,2,B?,2"), ["en", "de"])


def test_repeated_questions_and_differing_answers_are_told(dataset):
    rows = ("en,1,A?,1", "en,2,A?,2", "en,3,A?,3", "de,1,A?,1", "de,2,B?,2.5", "de,3,C?,3")
    _, facts = build_corpus("d", dataset(*rows), ["en", "de"])
    assert facts["repeated_questions"] == {"en": 2}
    assert facts["differing_answers"] == ["0002"]


def test_written_with_its_facts(dataset, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    rows = (*ROWS, "en,e,D?,5", "de,e,E!,6")
    output = tmp_path / "corpus.parquet"
    write_corpus("mine", dataset(*rows), ["en", "de"], output)
    corpus = read_table(output, CORPUS)
    assert corpus["question"].tolist() == ["B?", "B!", "D?", "D!", "D?", "E!"]
    assert corpus["answer"].tolist() == [2, 2, 4, 4, 5, 6]
    facts = read_provenance(output)
    assert facts["dataset"]["mine"]["format"] == "table"
    assert facts["languages"] == ["en", "de"]
    assert facts["problems"] == 3
    assert facts["n_incomplete"] == 2
    assert facts["incomplete"] == {"a": ["en"], "c": ["de"]}
    assert [record.getMessage() for record in caplog.records] == [
        "mine: 3 problems in en de",
        "mine: 2 incomplete problems kept out: a (not in en), c (not in de)",
        "mine: 1 questions in en repeat an earlier one",
        "mine: answers differ between languages: e",
    ]


def test_demo():
    dataset = {"format": "demo", "problems": 2, "split": "evaluation", "seed": 1}
    corpus, facts = build_corpus("demo", dataset, ["en", "sw"])
    assert facts["problems"] == 2
    assert corpus["language"].tolist() == ["en", "sw", "en", "sw"]
    assert corpus["responses"].map(len).tolist() == [1, 1, 1, 1]
    assert corpus["answer"].notna().all()
    # The language decides nothing about the problem.
    assert corpus["answer"].iloc[0] == corpus["answer"].iloc[1]


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ({"format": "xml"}, "dataset 'd': key 'format' is 'xml', expected one of mgsm msvamp"),
        ({}, "key 'format' is None"),
        ({"format": "mgsm"}, "no key 'path', which format 'mgsm' needs"),
        ({"format": "table", "path": "a.csv"}, "no key 'columns', which format 'table' needs"),
        ({"format": "hub", "path": "a", "columns": {}}, "no key 'split'"),
    ],
)
def test_definitions_that_lack_something(definition, message):
    with pytest.raises(InputError, match=message):
        build_corpus("d", definition, ["en"])


def test_an_unknown_language():
    with pytest.raises(InputError, match="unknown language 'xx'"):
        build_corpus("d", {"format": "mgsm", "path": "."}, ["en", "xx"])
