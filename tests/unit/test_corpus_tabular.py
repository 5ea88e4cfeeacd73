"""Tables of any columns, in files and as data sets in the hub's layout."""

import json

import pandas as pd
import pytest

from langneurons.corpora.assembly import build_corpus
from langneurons.errors import InputError

TABLE = pd.DataFrame(
    {
        "key": [1, 1, 2, 2],
        "tongue": ["en", "German", "EN", "de"],
        "text": ["One, or 'a'?", 'Eins\toder "ein"?', "Two?", "Zwei?"],
        "number": [1.0, 1.0, 2.5, 2.5],
        "reply": ["1", "1", "It is 2.5\nor so", "2.5"],
    }
)
COLUMNS = {
    "problem": "key",
    "language": "tongue",
    "question": "text",
    "answer": "number",
    "response": "reply",
}
WRITERS = {
    ".csv": lambda path: TABLE.to_csv(path, index=False),
    ".tsv": lambda path: TABLE.to_csv(path, index=False, sep="\t"),
    ".jsonl": lambda path: TABLE.to_json(path, orient="records", lines=True, force_ascii=False),
    ".json": lambda path: TABLE.to_json(path, orient="records"),
    ".parquet": lambda path: TABLE.to_parquet(path),
}


def _build(path, columns, languages=("en", "de"), **more):
    dataset = {"format": "table", "path": str(path), "columns": columns, **more}
    return build_corpus("d", dataset, languages)[0]


def _expect_table(corpus):
    assert corpus["problem"].tolist() == ["0001", "0001", "0002", "0002"]
    assert corpus["language"].tolist() == ["en", "de", "en", "de"]
    assert corpus["question"].tolist() == TABLE["text"].tolist()
    assert corpus["answer"].tolist() == [1, 1, 2.5, 2.5]
    assert corpus["responses"].tolist() == [["1"], ["1"], ["It is 2.5\nor so"], ["2.5"]]


@pytest.mark.parametrize("suffix", WRITERS)
def test_every_format_gives_the_same_corpus(tmp_path, suffix):
    path = tmp_path / f"table{suffix}"
    WRITERS[suffix](path)
    _expect_table(_build(path, COLUMNS))


def test_one_file_a_language(tmp_path):
    (tmp_path / "en.csv").write_text("q\nOne?\nTwo?\n")
    (tmp_path / "de.csv").write_text("q\nEins?\nZwei?\n")
    corpus = _build(tmp_path / "{language}.csv", {"question": "q"})
    assert corpus["problem"].tolist() == ["0001", "0001", "0002", "0002"]
    assert corpus["question"].tolist() == ["One?", "Eins?", "Two?", "Zwei?"]
    assert corpus["answer"].isna().all()
    assert corpus["responses"].tolist() == [[]] * 4


def test_positions_count_within_a_language(tmp_path):
    (tmp_path / "t.csv").write_text("l,q\nen,One?\nen,Two?\ncy,Un?\nde,Eins?\nde,Zwei?\n")
    corpus = _build(tmp_path / "t.csv", {"language": "l", "question": "q"})
    assert corpus["question"].tolist() == ["One?", "Eins?", "Two?", "Zwei?"]


def test_numbers_sort_as_numbers_and_other_names_stay(tmp_path):
    (tmp_path / "t.csv").write_text("l,k,q\nen,10,Ten?\nen,9,Nine?\nen,b-7,Seven?\n")
    columns = {"language": "l", "problem": "k", "question": "q"}
    assert _build(tmp_path / "t.csv", columns, ["en"])["problem"].tolist() == [
        "0009",
        "0010",
        "b-7",
    ]


def test_answers_with_thousands_separators(tmp_path):
    (tmp_path / "t.tsv").write_text("l\tq\ta\nen\tHow much?\t114,200\n")
    columns = {"language": "l", "question": "q", "answer": "a"}
    assert _build(tmp_path / "t.tsv", columns, ["en"])["answer"].tolist() == [114_200]


def test_responses_in_a_list_or_in_rows_of_their_own(tmp_path):
    rows = [
        {"l": "en", "k": 1, "q": "One?", "r": ["1", ""]},
        {"l": "en", "k": 1, "q": "One?", "r": "one"},
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    columns = {"language": "l", "problem": "k", "question": "q", "response": "r"}
    assert _build(tmp_path / "t.jsonl", columns, ["en"])["responses"].tolist() == [["1", "", "one"]]


@pytest.mark.parametrize("second", ["en,1,One?", "en,1,Other?"])
def test_a_problem_twice_in_a_language(tmp_path, second):
    (tmp_path / "t.csv").write_text(f"l,k,q\nen,1,One?\n{second}\n")
    columns = {"language": "l", "problem": "k", "question": "q"}
    with pytest.raises(
        InputError, match=r"t\.csv:3: problem '0001' was found in en already at .*t\.csv:2"
    ):
        _build(tmp_path / "t.csv", columns, ["en"])


def test_samples_of_different_questions_are_duplicates(tmp_path):
    (tmp_path / "t.csv").write_text("l,k,q,r\nen,1,One?,1\nen,1,Other?,1\n")
    columns = {"language": "l", "problem": "k", "question": "q", "response": "r"}
    with pytest.raises(InputError, match="expected each problem once a language"):
        _build(tmp_path / "t.csv", columns, ["en"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("l,q,a\nen,One?\n", r"t\.csv:2: 2 fields, expected 3 as in the header"),
        ("l,q,a\nen,One?,1,2\n", r"t\.csv:2: 4 fields, expected 3"),
        ('l,q,a\nen,"One?,1\n', r"t\.csv:\d: malformed row"),
        ("l,a\nen,1\n", r"t\.csv:2: no field 'q', the fields are l, a"),
        ("l,q,a\nen,,1\n", r"t\.csv:2: 'q' is '', expected a text that is not empty"),
        ("l,q,a\nen,One?,\n", r"t\.csv:2: the answer is '', expected a number"),
        ("l,q,a\nde,Eins?,1\n", r"t\.csv: no rows in en; the languages found are de"),
        ("l,q,a\n", r"t\.csv: no rows in en; the languages found are none"),
        ("", r"t\.csv: the file has no rows"),
    ],
)
def test_names_the_row_that_is_wrong(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        _build(tmp_path / "t.csv", {"language": "l", "question": "q", "answer": "a"}, ["en"])


def test_a_null_in_parquet(tmp_path):
    TABLE.assign(number=[1.0, 1.0, None, 2.5]).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"t\.parquet, row 3: the field 'number' is null"):
        _build(tmp_path / "t.parquet", COLUMNS)


def test_a_response_that_is_no_text(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"l": "en", "q": "One?", "r": [1]}')
    columns = {"language": "l", "question": "q", "response": "r"}
    with pytest.raises(InputError, match=r"'r' is \[1\], expected a text or a list of texts"):
        _build(tmp_path / "t.jsonl", columns, ["en"])


def test_damaged_parquet(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(InputError, match=r"t\.parquet: not a readable Parquet file"):
        _build(tmp_path / "t.parquet", COLUMNS)


def test_a_file_without_rows_of_one_language(tmp_path):
    (tmp_path / "en.csv").write_text("q\nOne?\n")
    (tmp_path / "de.csv").write_text("q\n")
    with pytest.raises(InputError, match=r"de\.csv: no rows"):
        _build(tmp_path / "{language}.csv", {"question": "q"})


@pytest.mark.parametrize(
    ("name", "message"),
    [("t.xlsx", r"the suffix is '\.xlsx', expected one of \.jsonl"), ("t.csv", "no such file")],
)
def test_unreadable_paths(tmp_path, name, message):
    with pytest.raises(InputError, match=message):
        _build(tmp_path / name, {"language": "l", "question": "q"})


@pytest.mark.parametrize(
    ("path", "columns", "message"),
    [
        ("t.csv", {"language": "l"}, "key 'columns' has language, expected 'question'"),
        ("t.csv", {"question": "q"}, r"neither of \{language\} in the path and 'language'"),
        ("{language}.csv", {"question": "q", "language": "l"}, r"both of \{language\}"),
    ],
)
def test_columns_that_do_not_tell_question_and_language(path, columns, message):
    with pytest.raises(InputError, match=message):
        _build(path, columns)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Keep the data sets that are made of local files out of the user's cache."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()

    def build(folder, columns, languages=("en", "de"), **more):
        dataset = {"format": "hub", "path": str(folder), "split": "test", "columns": columns}
        return build_corpus("d", dataset | more, languages)[0]

    return build


def test_hub_with_a_language_column(tmp_path, hub):
    folder = tmp_path / "set"
    folder.mkdir()
    WRITERS[".jsonl"](folder / "test.jsonl")
    _expect_table(hub(folder, COLUMNS))


def test_hub_with_a_subset_a_language(tmp_path, hub):
    folder = tmp_path / "set"
    folder.mkdir()
    for code in ("en", "de"):
        (folder / f"{code}.csv").write_text(f"q,a\nOne in {code}?,1\nTwo in {code}?,2\n")
    (folder / "README.md").write_text(
        "---\nconfigs:\n"
        "- config_name: math_en\n  data_files: [{split: test, path: en.csv}]\n"
        "- config_name: math_de\n  data_files: [{split: test, path: de.csv}]\n---\n"
    )
    corpus = hub(folder, {"question": "q", "answer": "a"}, subset="math_{language}")
    assert corpus["problem"].tolist() == ["0001", "0001", "0002", "0002"]
    assert corpus["question"].tolist() == [
        "One in en?",
        "One in de?",
        "Two in en?",
        "Two in de?",
    ]
    assert corpus["answer"].tolist() == [1, 1, 2, 2]
    with pytest.raises(InputError, match="math_sw:test: cannot be loaded"):
        hub(folder, {"question": "q"}, languages=["en", "sw"], subset="math_{language}")


def test_hub_names_what_cannot_be_loaded(tmp_path, hub):
    with pytest.raises(InputError, match=r"dataset 'd': .*nowhere:test: cannot be loaded"):
        hub(tmp_path / "nowhere", COLUMNS)
    folder = tmp_path / "set"
    folder.mkdir()
    WRITERS[".jsonl"](folder / "test.jsonl")
    with pytest.raises(InputError, match="set:train: cannot be loaded"):
        hub(folder, COLUMNS, split="train")
    with pytest.raises(InputError, match="set:test, row 1: no field 'prompt', the fields are key"):
        hub(folder, COLUMNS | {"question": "prompt"})
