"""The JSON of the released code: prompts with responses."""

import json

import pytest

from langneurons.corpora.assembly import build_corpus
from langneurons.errors import InputError


def _row(lang, instruction, *generated, **more):
    answers = [{"generated": text} for text in generated]
    return {"lang": lang, "instruction": instruction, "answers": answers, **more}


ROWS = [
    _row("English", "One?", "1.", "It is 1."),
    _row("German", "Eins?", "Es ist 1."),
    _row("Welsh", "Un?", "1."),
    _row("English", "Two?", "2."),
    _row("de", "Zwei?", "2.", answer="2"),
]


def _build(path, languages=("en", "de")):
    return build_corpus("d", {"format": "released", "path": path}, languages)[0]


@pytest.mark.parametrize("lines", [True, False])
def test_reads_a_list_or_lines(tmp_path, lines):
    path = tmp_path / "responses.json"
    path.write_text("\n".join(map(json.dumps, ROWS)) if lines else json.dumps(ROWS, indent=1))
    corpus = _build(path)
    assert corpus["problem"].tolist() == ["0001", "0001", "0002", "0002"]
    assert corpus["language"].tolist() == ["en", "de", "en", "de"]
    assert corpus["question"].tolist() == ["One?", "Eins?", "Two?", "Zwei?"]
    assert corpus["responses"].tolist() == [["1.", "It is 1."], ["Es ist 1."], ["2."], ["2."]]
    assert corpus["answer"].isna().tolist() == [True, True, True, False]


def test_reads_a_folder_in_the_order_of_names(tmp_path):
    (tmp_path / "b.jsonl").write_text(json.dumps(_row("en", "Two?", "2")))
    (tmp_path / "a.json").write_text(json.dumps([_row("en", "One?", "1")]))
    (tmp_path / "notes.txt").write_text("not read")
    assert _build(tmp_path, ["en"])["question"].tolist() == ["One?", "Two?"]


@pytest.mark.parametrize("key", ["id", "idx"])
def test_identifiers_go_before_positions(tmp_path, key):
    rows = [_row("en", "Two?", "2", **{key: 2}), _row("en", "One?", "1", **{key: 1})]
    rows += [_row("de", "Eins?", "1", **{key: 1}), _row("de", "Zwei?", "2", **{key: 2})]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    corpus = _build(tmp_path / "a.json")
    assert corpus["problem"].tolist() == ["0001", "0001", "0002", "0002"]
    assert corpus["question"].tolist() == ["One?", "Eins?", "Two?", "Zwei?"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"lang": "en"}, "item 1: no field 'instruction', the fields are lang"),
        ({"instruction": "a"}, "item 1: no field 'lang'"),
        (_row("en", ""), "item 1: 'instruction' is '', expected a text"),
        ({"lang": "en", "instruction": "a"}, "item 1: no field 'answers'"),
        (
            {"lang": "en", "instruction": "a", "answers": "b"},
            "item 1: 'answers' is 'b', expected a list of objects",
        ),
        (
            {"lang": "en", "instruction": "a", "answers": [{"text": "b"}]},
            r"item 1: 'answers' holds \{'text': 'b'\}, expected an object whose 'generated'",
        ),
        (_row("en", "a", "b", answer="c"), "item 1: the answer is 'c', expected a number"),
    ],
)
def test_names_the_item_that_is_wrong(tmp_path, row, message):
    (tmp_path / "a.json").write_text(json.dumps([row]))
    with pytest.raises(InputError, match=message):
        _build(tmp_path / "a.json", ["en"])


def test_a_language_without_rows(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(ROWS))
    with pytest.raises(
        InputError, match="no rows in sw; the languages found are English, German, Welsh, de"
    ):
        _build(tmp_path / "a.json", ["en", "sw"])


def test_an_empty_list(tmp_path):
    (tmp_path / "a.json").write_text("[]")
    with pytest.raises(InputError, match="no rows in en de; the languages found are none"):
        _build(tmp_path / "a.json")


def test_a_malformed_list(tmp_path):
    (tmp_path / "a.json").write_text('[\n{"lang": "en"},\n]')
    with pytest.raises(InputError, match=r"a\.json:3: malformed JSON"):
        _build(tmp_path / "a.json")


def test_a_folder_without_json(tmp_path):
    with pytest.raises(InputError, match=r"no \.json or \.jsonl files in this folder"):
        _build(tmp_path)
