"""The last number of a response, in the spellings of ten languages."""

import re
import time

import pandas as pd
import pytest
from shared_data import shared

from langneurons.corpora.assembly import build_corpus
from langneurons.responses.numbers import is_correct, last_number

TEN = ["en", "ru", "es", "fr", "de", "zh", "ja", "bn", "th", "sw"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("18", 18),
        ("She makes 9 * 2 = $18 every day.", 18),
        ("The answer is $18.", 18),
        ("12.", 12),
        ("8.0", 8),
        ("12.50", 12.5),
        ("it is .5", 0.5),
        ("see No.5", 5),
        ("20%", 20),
        ("1/2 or 50 %.", 50),
        ("3/4", 0.75),
        ("#### 5,600", 5600),
        ("9 eggs, then nothing", 9),
        ("x2", 2),
        ("00:30", 30),
    ],
)
def test_takes_the_last_number(text, expected):
    assert last_number(text, "en") == expected


@pytest.mark.parametrize("text", ["", "no number", "...", "-", "$ %", "²", "half"])
def test_none_without_a_number(text):
    assert last_number(text, "en") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,234", 1234),
        ("1,234.5", 1234.5),
        ("114,200", 114200),
        ("1,234,567.", 1234567),
        ("1,234, that is", 1234),
        ("1,14,200", 114200),  # one lakh fourteen thousand two hundred
        ("১,১৪,২০০", 114200),
        ("12,34,56,789", 123456789),
        ("1，234", 1234),
        ("70\N{NARROW NO-BREAK SPACE}000 euros", 70000),
        ("70\N{NO-BREAK SPACE}000 рублей", 70000),
        ("1\N{THIN SPACE}234\N{THIN SPACE}567", 1234567),
        ("70 000 dollars", 70000),
        ("1 234,5", 1234.5),
        ("1 234.5", 1234.5),
        ("1'234", 1234),
        ("1’234,50", 1234.5),
        ("1.234.567", 1234567),
        ("1.234,50 €", 1234.5),
        ("1.234.567,8", 1234567.8),
    ],
)
def test_removes_thousands_separators(text, expected):
    assert last_number(text, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3, 4", 4),
        ("1,2,3", 3),
        ("1,2,345", 345),
        ("12,345,67", 67),
        ("3，4", 4),
        ("in 2023 150 people", 150),
        ("1 2 300", 300),
        ("5 12", 12),
        ("1 23", 23),
        ("1.234", 1.234),
        ("0,125", 0.125),
        ("3,5", 3.5),
        ("12,50 €", 12.5),
        ("1 234, 5", 5),
        ("7\n500", 500),
        ("a 3.5 100", 100),
    ],
)
def test_keeps_apart_what_is_no_separator(text, expected):
    assert last_number(text, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-7", -7),
        ("= -7", -7),
        ("=-7", -7),
        ("\N{MINUS SIGN}7", -7),
        ("–7", -7),
        ("－７", -7),
        ("-$18", -18),
        ("(-3)", -3),
        ("是-5", -5),
        ("คำตอบคือ-5", -5),
        ("-1,234.5", -1234.5),
        ("5-3", 3),
        ("5 - 3", 3),
        ("5 \N{MINUS SIGN} 3", 3),
        ("2–3", 3),
        ("(4)-5", 5),
        ("x-3", 3),
        ("20%-5", 5),
        ("টি-5", 5),
        ("2021-05-03", 3),
    ],
)
def test_a_hyphen_is_a_sign_unless_something_stands_before_it(text, expected):
    assert last_number(text, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("１２３．５", 123.5), ("সে ১২ টি", 12), ("ได้ ๓๔ บาท", 34), ("٤٢", 42), ("१२", 12)],
)
def test_reads_the_digits_of_other_scripts(text, expected):
    assert last_number(text, "en") == expected


@pytest.mark.parametrize(
    "text",
    [
        "1," * 50_000,
        "1 234 " * 20_000,
        "1" * 50_000 + "," * 50_000,
        "1,234" + ",234" * 20_000,
        "1/" * 50_000,
        "1万" * 50_000 + "x",
    ],
)
def test_is_linear_in_the_length_of_degenerate_texts(text):
    start = time.monotonic()
    last_number(text, "en")
    # Quadratic matching takes minutes here, linear matching a tenth of a second.
    assert time.monotonic() - start < 5


def test_correct_within_the_tolerance():
    prediction = pd.Series([18.0, 18.0009, 18.0011, -18.0, None, 5.0])
    answer = pd.Series([18.0, 18.0, 18.0, 18.0, 18.0, None])
    result = is_correct(prediction, answer)
    assert result.dtype == "boolean"
    assert result.tolist() == [True, True, False, False, False, pd.NA]


def test_the_tolerance_can_be_set():
    # 1.5 is a number of binary digits: it is just 0.5 away.
    result = is_correct(pd.Series([1.0] * 3), pd.Series([1.4, 1.5, 1.6]), tolerance=0.5)
    assert result.tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("text", "grouped", "decimal"),
    [
        ("70.000 $", 70000, 70),
        ("1.500", 1500, 1.5),
        ("-1.500", -1500, -1.5),
        ("Es sind 12.345.", 12345, 12.345),
        ("1.5", 1.5, 1.5),
        ("12,5", 12.5, 12.5),
        ("0.500", 0.5, 0.5),
        ("70.0001", 70.0001, 70.0001),
        ("1.2345.678", 678, 678),
        ("1.234.567", 1234567, 1234567),
        ("1.234,50", 1234.5, 1234.5),
        ("1,234", 1234, 1234),
    ],
)
def test_points_separate_thousands_where_the_language_writes_so(text, grouped, decimal):
    assert [last_number(text, language) for language in ("de", "es")] == [grouped] * 2
    others = ["en", "ru", "fr", "zh", "ja", "bn", "th", "sw"]
    assert [last_number(text, language) for language in others] == [decimal] * 8


def test_points_are_decimal_where_nothing_is_known_of_a_language():
    assert last_number("70.000", "cr") == 70


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3万", 30_000),
        ("3.5万", 35_000),
        ("3 万人", 30_000),
        ("共3万，即", 30_000),
        ("1万2000円", 12_000),
        ("-1万2000円", -12_000),
        ("1億2000万", 120_000_000),
        ("2亿", 200_000_000),
        ("1,200万", 12_000_000),
        ("3千5百", 3_500),
        ("3千5百万2000", 35_002_000),
        ("２万円", 20_000),
        ("5千克", 5),
        ("5千米", 5),
        ("20百分点", 20),
        ("1万和5", 5),
    ],
)
def test_numerals_after_digits_multiply_them(text, expected):
    assert [last_number(text, language) for language in ("zh", "ja")] == [expected] * 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/2", 0.5),
        ("-1/2", -0.5),
        ("He ate 3/4.", 0.75),
        ("১/২", 0.5),
        ("3/4, so 6", 6),
        ("1/2/2020", 2020),
        ("2020/1/2", 2),
        ("05/12", 12),
        ("5/0", 0),
        ("1.5/2", 2),
        ("1/2.5", 2.5),
        ("1e5", 100_000),
        ("1.5E-2", 0.015),
        ("2e", 2),
        ("1e5x", 5),
        ("0x1e5", 5),
    ],
)
def test_fractions_and_exponents(text, expected):
    assert last_number(text, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4 + 16 120", 120),
        ("4+16 120", 120),
        ("4 x 16 120", 120),
        ("4 + 16 120,5", 120.5),
        ("16 120", 16_120),
        ("4 + 8 = 16 120", 16_120),
        ("**16 120**", 16_120),
        ("- 16 120 €", 16_120),
        ("-16 120", -16_120),
        ("10 000 + 16 120", 16_120),
        ("4 + 16\N{NARROW NO-BREAK SPACE}120", 16_120),
    ],
)
def test_a_space_after_an_operand_and_an_operator_is_between_numbers(text, expected):
    assert [last_number(text, language) for language in ("fr", "ru", "en")] == [expected] * 3


def test_questions_of_mgsm_in_german_have_thousands():
    corpus, _ = build_corpus("mgsm", {"format": "mgsm", "path": shared("mgsm")}, ["de"])
    texts = [text for text in corpus["question"] if re.search(r"\d\.\d{3}", text)]
    starts = [text[: re.search(r"\d\.\d{3}", text).end()] for text in texts]
    assert len(texts) == 8
    assert all(last_number(text, "de") >= 1000 for text in starts)


@pytest.mark.parametrize("name", ["mgsm", "msvamp"])
def test_answers_of_the_data_are_read_as_they_stand(name):
    corpus, _ = build_corpus(name, {"format": name, "path": shared(name)}, TEN)
    read = map(last_number, map(_written, corpus["answer"]), corpus["language"])
    assert list(read) == corpus["answer"].tolist()


def _written(answer):
    """Return an answer as MGSM writes it in all languages: 114,200."""
    return f"#### {answer:,.10g}"
