"""MGSM: the real files, and what can be wrong with one."""

import pytest
from shared_data import shared

from langneurons.corpora.assembly import build_corpus
from langneurons.errors import InputError

TEN = ["en", "ru", "es", "fr", "de", "zh", "ja", "bn", "th", "sw"]


def _folder(tmp_path, **files):
    for language, text in files.items():
        data = text if isinstance(text, bytes) else text.encode()
        (tmp_path / f"mgsm_{language}.tsv").write_bytes(data)
    return {"format": "mgsm", "path": tmp_path}


def test_real_data():
    corpus, facts = build_corpus("mgsm", {"format": "mgsm", "path": shared("mgsm")}, TEN)
    assert facts == {
        "problems": 250,
        "n_incomplete": 0,
        "incomplete": {},
        "repeated_questions": {},
        "differing_answers": [],
    }
    assert len(corpus) == 2500
    assert corpus["language"].tolist() == TEN * 250
    # 794,988 in every language.
    assert corpus.groupby("language")["answer"].sum().unique().tolist() == [794_988.0]
    english = corpus[corpus["language"] == "en"].set_index("problem")
    assert english.index[0] == "0001"
    assert english.loc["0001", "question"].startswith("Janet’s ducks lay 16 eggs per day.")
    assert english.loc["0001", "answer"] == 18
    assert english.index[-1] == "0250"
    assert english.loc["0250", "answer"] == 5600  # "5,600"
    assert 114_200 in english["answer"].tolist()  # "114,200"
    swahili = corpus[corpus["language"] == "sw"]["question"]
    assert swahili.iloc[0].startswith("Bata wa Janet hutaga mayai 16 kila siku.")
    assert swahili.iloc[-1].startswith("Jumatatu, Sue alikula biskuti mara 4 zaidi ya dada")


def test_reads_question_and_answer(tmp_path):
    dataset = _folder(
        tmp_path, en='A "quoted one?\t1,234\nTwo?\t-2.5\n', de="Eins?\t1234\nZwei?\t-2.5"
    )
    corpus, _ = build_corpus("d", dataset, ["de", "en"])
    assert corpus["problem"].tolist() == ["0001", "0001", "0002", "0002"]
    assert corpus["language"].tolist() == ["de", "en", "de", "en"]
    assert corpus["question"].tolist() == ["Eins?", 'A "quoted one?', "Zwei?", "Two?"]
    assert corpus["answer"].tolist() == [1234, 1234, -2.5, -2.5]
    assert corpus["responses"].tolist() == [[], [], [], []]


def test_tolerates_a_byte_order_mark_and_crlf(tmp_path):
    dataset = _folder(tmp_path, en=b"\xef\xbb\xbfOne?\t1\r\nTwo?\t2\r\n\r\n")
    corpus, _ = build_corpus("d", dataset, ["en"])
    assert corpus["question"].tolist() == ["One?", "Two?"]
    assert corpus["answer"].tolist() == [1, 2]


def test_other_line_separators_are_part_of_the_question(tmp_path):
    dataset = _folder(tmp_path, en="One\N{LINE SEPARATOR}line?\t1\n")
    assert build_corpus("d", dataset, ["en"])[0]["question"].tolist() == [
        "One\N{LINE SEPARATOR}line?"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("One?\t1\nTwo? 2\n", r"mgsm_en\.tsv:2: 1 tab-separated fields, expected 2"),
        ("One?\t1\tx\n", r"mgsm_en\.tsv:1: 3 tab-separated fields, expected 2"),
        ("One?\t1\n\nTwo?\t2\n", r"mgsm_en\.tsv:2: 1 tab-separated fields, expected 2"),
        ("One?\tone\n", r"mgsm_en\.tsv:1: the answer is 'one', expected a number"),
        ("One?\t3,4\n", r"mgsm_en\.tsv:1: the answer is '3,4', expected a number"),
        ("One?\t\n", r"mgsm_en\.tsv:1: the answer is '', expected a number"),
        ("One?\tnan\n", r"mgsm_en\.tsv:1: the answer is 'nan', expected a number"),
        (" \t1\n", r"mgsm_en\.tsv:1: the question is empty"),
        ("", r"mgsm_en\.tsv: the file has no rows"),
        ("\n\n", r"mgsm_en\.tsv: the file has no rows"),
        (b"One?\t1\nTw\xff?\t2\n", r"mgsm_en\.tsv:2: byte 0xff is not UTF-8"),
    ],
)
def test_names_the_line_that_is_wrong(tmp_path, text, message):
    with pytest.raises(InputError, match="^dataset 'd': .*" + message):
        build_corpus("d", _folder(tmp_path, en=text), ["en"])


def test_names_the_missing_file(tmp_path):
    dataset = _folder(tmp_path, en="One?\t1\n")
    with pytest.raises(InputError, match=r"mgsm_sw\.tsv: no such file"):
        build_corpus("d", dataset, ["en", "sw"])


def test_names_the_missing_folder(tmp_path):
    with pytest.raises(InputError, match=r"dataset 'd': .*nowhere: no such folder"):
        build_corpus("d", {"format": "mgsm", "path": tmp_path / "nowhere"}, ["en"])


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: not a folder"):
        build_corpus("d", {"format": "mgsm", "path": tmp_path / "file"}, ["en"])
