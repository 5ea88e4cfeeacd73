"""MSVAMP: the real files, and what can be wrong with one."""

import json

import pytest
from shared_data import shared

from langneurons.corpora.assembly import build_corpus
from langneurons.errors import InputError

TEN = ["en", "ru", "es", "fr", "de", "zh", "ja", "bn", "th", "sw"]
GOOD = json.dumps({"m_query": "One?", "response": "1.0", "equation": "x"})


def test_real_data():
    corpus, facts = build_corpus("msvamp", {"format": "msvamp", "path": shared("msvamp")}, TEN)
    assert facts == {
        "problems": 1000,
        "n_incomplete": 0,
        "incomplete": {},
        # Four Bengali questions are the same broken translation, five Thai ones another.
        "repeated_questions": {"bn": 3, "th": 4},
        "differing_answers": [],
    }
    assert len(corpus) == 10_000
    assert corpus.groupby("language")["answer"].sum().unique().tolist() == [30_562_279.0]
    english = corpus[corpus["language"] == "en"].set_index("problem")
    assert english.loc["0001", "question"].startswith("julia played tag with 18 kids on monday .")
    assert english.loc["0001", "answer"] == 8
    assert english.loc["1000", "question"].startswith("the school has 304 grades and each grade")
    assert english.loc["1000", "answer"] == 22800
    swahili = corpus[corpus["language"] == "sw"]["question"]
    assert swahili.iloc[0].startswith("Julia alicheza mchezo wa kukimbiza na wa")
    assert swahili.iloc[-1].startswith("Shule ina madarasa 304 na kila darasa li")


def test_reads_lines_in_order(tmp_path):
    second = json.dumps({"m_query": "Two?", "response": "2.5"})
    (tmp_path / "test_English.json").write_text(f"{GOOD}\n\n{second}\n")
    corpus, _ = build_corpus("d", {"format": "msvamp", "path": tmp_path}, ["en"])
    assert corpus["problem"].tolist() == ["0001", "0002"]
    assert corpus["question"].tolist() == ["One?", "Two?"]
    assert corpus["answer"].tolist() == [1, 2.5]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"m_query": "Two?"', r"test_English\.json:2: malformed JSON"),
        ('"text"', r"test_English\.json:2: found a str, expected a JSON object"),
        ('{"query": "Two?", "response": "2"}', r":2: no field 'm_query', the fields are query, "),
        ('{"m_query": "Two?"}', r":2: no field 'response', the fields are m_query"),
        ('{"m_query": null, "response": "2"}', r":2: the field 'm_query' is null"),
        ('{"m_query": " ", "response": "2"}', r":2: 'm_query' is ' ', expected a text"),
        ('{"m_query": 2, "response": "2"}', r":2: 'm_query' is 2, expected a text"),
        ('{"m_query": "Two?", "response": "two"}', r":2: the answer is 'two', expected a number"),
        ('{"m_query": "Two?", "response": true}', r":2: the answer is True, expected a number"),
        ('{"m_query": "Two?", "response": NaN}', r":2: the field 'response' is null"),
        ('{"m_query": "Two?", "response": [2]}', r":2: the answer is \[2\], expected a number"),
    ],
)
def test_names_the_line_that_is_wrong(tmp_path, line, message):
    (tmp_path / "test_English.json").write_text(f"{GOOD}\n{line}\n")
    with pytest.raises(InputError, match=message):
        build_corpus("d", {"format": "msvamp", "path": tmp_path}, ["en"])


def test_names_the_missing_file(tmp_path):
    (tmp_path / "test_English.json").write_text(GOOD)
    with pytest.raises(InputError, match=r"test_Swahili\.json: no such file"):
        build_corpus("d", {"format": "msvamp", "path": tmp_path}, ["en", "sw"])
