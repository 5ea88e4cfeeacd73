"""The generated problems: said right, computed right, parallel, disjoint and repeatable."""

import re
from importlib import resources

import pytest
import yaml

from langneurons.corpora.generated import (
    LANGUAGES,
    TEMPLATES,
    available,
    choose,
    form_after_numeral,
    generate,
)
from langneurons.errors import InputError

ALL = list(LANGUAGES)

# The tenth evaluation problem of seed 0: 7 + 2 − 5 = 4.
SPELT_OUT = {
    "en": (
        "Robert has 7 tickets and buys 2 more. Then Robert gives Victor 5 tickets. How many "
        "tickets does Robert have left?",
        "First we add: 7 + 2 = 9. Then we subtract: 9 − 5 = 4. Robert has 4 tickets left.",
    ),
    "ru": (
        "У Роберта 7 билетов. Роберт покупает ещё 2 билета и отдаёт Виктору 5 билетов. Сколько "
        "билетов остаётся у Роберта?",
        "Сначала складываем: 7 + 2 = 9. Потом вычитаем: 9 − 5 = 4. У Роберта остаётся 4 билета.",
    ),
    "es": (
        "Roberto tiene 7 boletos y compra 2 más. Después le da 5 a Víctor. ¿Cuántos boletos le "
        "quedan a Roberto?",
        "Primero sumamos: 7 + 2 = 9. Después restamos: 9 − 5 = 4. A Roberto le quedan 4 boletos.",
    ),
    "fr": (
        "Robert a 7 billets et en achète encore 2. Ensuite, Robert en donne 5 à Victor. Combien "
        "de billets reste-t-il à Robert ?",
        "D'abord, on additionne : 7 + 2 = 9. Ensuite, on soustrait : 9 − 5 = 4. Il reste 4 "
        "billets à Robert.",
    ),
    "de": (
        "Robert hat 7 Tickets und kauft noch 2. Dann gibt Robert 5 davon an Viktor. Wie viele "
        "Tickets hat Robert noch?",
        "Zuerst addieren wir: 7 + 2 = 9. Dann subtrahieren wir: 9 − 5 = 4. Robert hat noch 4 "
        "Tickets.",
    ),
    "zh": (
        "罗伯特有7张票，又买了2张票，然后给了维克多5张票。罗伯特还剩多少张票？",
        "先用加法：7 + 2 = 9。再用减法：9 − 5 = 4。罗伯特还剩4张票。",
    ),
    "ja": (
        "ロバートはチケットを7枚持っています。さらに2枚買い、ビクターに5枚あげます。"
        "ロバートのチケットは何枚残りますか。",
        "まず足し算をします。7 + 2 = 9。次に引き算をします。9 − 5 = 4。"
        "ロバートのチケットは4枚残ります。",
    ),
    "bn": (
        "রবার্টের কাছে 7টি টিকিট আছে। রবার্ট আরও 2টি টিকিট কেনে এবং ভিক্টরকে 5টি টিকিট দেয়। "
        "রবার্টের কাছে কয়টি টিকিট বাকি থাকে?",
        "প্রথমে যোগ করি: 7 + 2 = 9। তারপর বিয়োগ করি: 9 − 5 = 4। রবার্টের কাছে 4টি টিকিট বাকি থাকে।",
    ),
    "th": (
        "โรเบิร์ตมีตั๋ว 7 ใบ ซื้อเพิ่มอีก 2 ใบ แล้วให้วิกเตอร์ 5 ใบ โรเบิร์ตเหลือตั๋วกี่ใบ",
        "ขั้นแรกนำมาบวกกัน: 7 + 2 = 9 จากนั้นนำมาลบกัน: 9 − 5 = 4 โรเบิร์ตเหลือตั๋ว 4 ใบ",
    ),
    "sw": (
        "Robert ana tiketi 7 na ananunua tiketi 2 zaidi. Kisha anampa Victor tiketi 5. Robert "
        "anabaki na tiketi ngapi?",
        "Kwanza tunajumlisha: 7 + 2 = 9. Kisha tunatoa: 9 − 5 = 4. Robert anabaki na tiketi 4.",
    ),
}


@pytest.fixture(scope="module")
def corpus():
    # 600 problems are 50 of each of the 12 templates.
    return generate(ALL, "evaluation", 600, seed=0)


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def refused(languages=("en",), split="training", problems=1) -> str:
    with pytest.raises(InputError) as error:
        generate(list(languages), split, problems, seed=0)
    return str(error.value)


@pytest.mark.parametrize("language", ALL)
def test_a_problem_spelt_out(corpus, language):
    row = corpus[(corpus["problem"] == "evaluation-00009") & (corpus["language"] == language)]
    question, response = SPELT_OUT[language]
    assert row["question"].item() == question
    assert row["responses"].item() == [response]
    assert row["answer"].item() == 4.0


def test_rows_are_problems_then_languages_as_asked():
    corpus = generate(["sw", "en"], "training", 2, seed=0)
    assert list(corpus.columns) == ["problem", "language", "question", "answer", "responses"]
    assert list(zip(corpus["problem"], corpus["language"], strict=True)) == [
        ("training-00000", "sw"),
        ("training-00000", "en"),
        ("training-00001", "sw"),
        ("training-00001", "en"),
    ]
    assert corpus["answer"].dtype == "float64"


def test_equations_are_right_and_the_response_ends_in_the_answer(corpus):
    operations = {
        "+": lambda a, b: a + b,
        "−": lambda a, b: a - b,
        "×": lambda a, b: a * b,
        "÷": lambda a, b: a / b,
    }
    for row in corpus.itertuples():
        [response] = row.responses
        equations = re.findall(r"(\d+) ([+−×÷]) (\d+) = (\d+)", response)
        assert 1 <= len(equations) <= 2
        for a, sign, b, result in equations:
            assert operations[sign](int(a), int(b)) == int(result), response
        assert int(equations[-1][3]) == row.answer
        assert numbers(response)[-1] == row.answer


def test_problems_are_parallel(corpus):
    for _, rows in corpus.groupby("problem"):
        assert len({tuple(numbers(question)) for question in rows["question"]}) == 1
        assert len({tuple(numbers(responses[0])) for responses in rows["responses"]}) == 1
        assert rows["answer"].nunique() == 1


def test_a_question_holds_its_operands_and_no_other_number():
    problems = choose("evaluation", 600, seed=0)
    questions = generate(["en"], "evaluation", 600, seed=0)["question"]
    for problem, question in zip(problems, questions, strict=True):
        operands = [problem.numbers[slot] for slot in "abc" if slot in problem.numbers]
        assert numbers(question) == operands
        assert problem.person != problem.friend


def test_templates_take_turns():
    problems = choose("evaluation", 24, seed=0)
    assert [problem.template for problem in problems] == list(TEMPLATES) * 2


@pytest.mark.parametrize("language", ALL)
def test_every_language_has_every_template_person_and_item(language):
    file = resources.files("langneurons.corpora") / "templates" / f"{language}.yaml"
    lexicon = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert list(lexicon["templates"]) == list(TEMPLATES)
    assert len(lexicon["people"]) == len(lexicon["items"]) == 8


def test_no_question_occurs_twice(corpus):
    assert not corpus.duplicated(["language", "question"]).any()


def test_splits_share_no_template_with_its_operands():
    keys = {
        split: {
            (problem.template, *problem.numbers.values())
            for problem in choose(split, available(split), seed=1)
        }
        for split in ("training", "evaluation")
    }
    assert not keys["training"] & keys["evaluation"]
    # 361 + 361 + 3 · 153 + 4 · 64 + 564 + 200 + 224 keys, of which about one in eight is held out.
    assert len(keys["training"]) + len(keys["evaluation"]) == 2425
    assert len(keys["evaluation"]) == 289


def test_same_seed_same_corpus_other_seed_another():
    first, again = (generate(["en"], "evaluation", 60, seed=3) for _ in range(2))
    assert first.equals(again)
    other = generate(["en"], "evaluation", 60, seed=4)
    assert set(first["question"]) != set(other["question"])


def test_neither_languages_nor_length_change_the_problems(corpus):
    russian = generate(["ru"], "evaluation", 100, seed=0)
    expected = corpus[corpus["language"] == "ru"]["question"][:100]
    assert list(russian["question"]) == list(expected)


def test_russian_numerals():
    # 1 билет, 21 билет; 3 билета, 24 билета; 5, 11, 12, 20 билетов.
    assert [form_after_numeral(number) for number in (1, 21)] == ["one"] * 2
    assert [form_after_numeral(number) for number in (3, 24)] == ["few"] * 2
    assert [form_after_numeral(number) for number in (5, 11, 12, 20)] == ["many"] * 4


def test_wrong_input_is_named():
    assert refused(["en", "xx"]) == (
        "languages: found 'xx'; expected some of en, ru, es, fr, de, zh, ja, bn, th, sw"
    )
    assert refused([]).startswith("languages: found none; expected some of en, ru")
    assert refused(["en", "en"]) == ("languages: found ['en', 'en']; expected each language once")
    assert refused(split="test") == "split: found 'test'; expected one of training, evaluation"
    assert refused(problems=0) == ("problems: found 0; expected 1 to 136704 in the training split")
    assert refused(split="evaluation", problems=18497) == (
        "problems: found 18497; expected 1 to 18496 in the evaluation split"
    )
