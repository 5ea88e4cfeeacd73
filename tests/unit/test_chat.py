"""Prompts by the chat template of a tokenizer, and their tokens."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from chat_cases import BOS, EOS, OPENED, TURNS, applied, chat_tokenizer, saved
from tokenizers import Tokenizer, models, processors
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

from langneurons.artifacts.tables import read_table, write_table
from langneurons.errors import InputError
from langneurons.models.chat import adding_no_tokens, chat_prompt
from langneurons.responses.prompts import CHAT, PLAIN, Prompts, check_template
from langneurons.responses.schemas import RESPONSES, TOKENS
from langneurons.responses.tokens import encode, write_tokens

QUESTION = "Wie viele Äpfel?"


def parts(table):
    return [
        (list(prompt), list(response))
        for prompt, response in zip(table["prompt_tokens"], table["response_tokens"], strict=True)
    ]


def responses(*rows, language="en"):
    table = pd.DataFrame(rows, columns=["prompt", "response"]).assign(language=language)
    problems = [f"{index:04d}" for index in range(len(table))]
    return table.assign(problem=problems, sample=np.zeros(len(table), dtype=np.int32))


def tokens_of(rows, spec, folder, **settings):
    write_table(rows, folder / "responses", RESPONSES)
    write_tokens(folder / "responses", spec, folder / "tokens", 999, **settings)
    return read_table(folder / "tokens", TOKENS)


def test_a_prompt_is_what_the_template_writes(tmp_path):
    prompts = Prompts(CHAT, saved(chat_tokenizer(), tmp_path))
    assert prompts.render(f" {QUESTION}\n", "de") == f"<s>[user]{QUESTION}</s>[assistant]"
    # Braces of the question are not the template's.
    assert "{{ 1 }} {query}" in prompts.render("{{ 1 }} {query}", "de")


@pytest.mark.parametrize(
    ("template", "prepends", "beginnings"),
    [(OPENED, True, 1), (OPENED, False, 1), (TURNS, True, 0), (TURNS, False, 0)],
)
def test_tokens_are_those_of_transformers(tmp_path, template, prepends, beginnings):
    tokenizer = chat_tokenizer(template, prepends)
    prompts = Prompts(CHAT, saved(tokenizer, tmp_path))
    (ids,) = encode(prompts.tokenizer, [prompts.render(QUESTION, "de")])
    assert ids == applied(tokenizer, QUESTION)
    assert ids.count(BOS) == beginnings
    assert ids.count(EOS) == 1  # that of the user's turn
    # A text gets what the tokenizer prepends, as ever.
    (text,) = encode(Prompts(PLAIN, saved(tokenizer, tmp_path)).tokenizer, [QUESTION])
    assert text.count(BOS) == prepends


@pytest.mark.parametrize("prepends", [True, False])
def test_prompt_and_response_begin_with_the_prompt(tmp_path, prepends):
    tokenizer = chat_tokenizer(prepends=prepends)
    spec = saved(tokenizer, tmp_path)
    rows = responses((Prompts(CHAT, spec).render(QUESTION, "de"), "Zwei."))
    found = tokens_of(rows, spec, tmp_path, template=CHAT)
    response = tokenizer("Zwei.", add_special_tokens=False)["input_ids"]
    assert parts(found) == [(applied(tokenizer, QUESTION), response)]


def test_a_merge_across_the_boundary_belongs_to_the_response(tmp_path):
    vocabulary = {"<s>": 0, "c": 1, "a": 2, "b": 3, "ab": 4}
    core = Tokenizer(models.BPE(vocab=vocabulary, merges=[("a", "b")]))
    core.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 0)]
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, bos_token="<s>")
    tokenizer.chat_template = "{{ bos_token }}{{ messages[0]['content'] }}a"
    spec = saved(tokenizer, tmp_path)
    rows = responses((Prompts(CHAT, spec).render("c", "en"), "bb"))
    # <s>ca is <s>, c, a; <s>cabb is <s>, c, ab, b: they part at index 2.
    assert parts(tokens_of(rows, spec, tmp_path, template=CHAT)) == [([0, 1], [4, 3])]


def test_who_reads_anothers_responses_reads_their_prompts(tmp_path):
    """As they stand: its own template, if it has one, would ask otherwise."""
    reader = saved(chat_tokenizer(template=None), tmp_path / "reader")
    rows = responses(("<s>[user]Zwei?</s>[assistant]", "Ja."))
    found = tokens_of(rows, reader, tmp_path, template=CHAT)
    assert parts(found)[0][0] == applied(chat_tokenizer(), "Zwei?")


def test_each_model_asks_the_questions_of_the_data_by_its_own_template(tmp_path):
    rows = responses(("Zwei?", "Ja."), ("{query}", "Nein."), language="de")
    for template in (OPENED, TURNS):
        tokenizer = chat_tokenizer(template)
        spec = saved(tokenizer, tmp_path / str(len(template)))
        found = tokens_of(rows, spec, tmp_path, template=CHAT, questions=True)
        prompts = [prompt for prompt, _ in parts(found)]
        assert prompts == [applied(tokenizer, text) for text in ("Zwei?", "{query}")]
        answers = [bytes_of(tokenizer, response) for _, response in parts(found)]
        assert answers == ["Ja.", "Nein."]


def bytes_of(tokenizer, ids):
    return tokenizer.decode(ids, clean_up_tokenization_spaces=False)


def test_an_error_in_a_question_of_the_data_names_the_file(tmp_path):
    spec = saved(chat_tokenizer(template=None), tmp_path / "base")
    message = rf"{tmp_path}/responses: {tmp_path}/base: its tokenizer has no chat template"
    with pytest.raises(InputError, match=message):
        tokens_of(responses(("Zwei?", "Ja.")), spec, tmp_path, template=CHAT, questions=True)


def test_without_a_model_a_question_stays_as_it_is():
    assert Prompts(CHAT).render(" {query}?", "de") == " {query}?"
    with pytest.raises(ValueError, match="found no spec"):
        _ = Prompts(CHAT).tokenizer


@pytest.mark.parametrize("template", ["Chat", "chat ", "chat {lang}"])
def test_a_word_like_chat(template):
    message = r"expected the field \{query\}, .* or the word chat alone, for the chat template"
    with pytest.raises(InputError, match=message):
        check_template(template)
    check_template("chat {query}")  # a text


REFUSED = {
    "none": (None, r"has no chat template \(base models have none\), which 'prompt: chat' needs"),
    "refusal": (
        "{{ raise_exception('Begin with a system message.') }}",
        "its chat template refuses the question 'Wie viele Äpfel[?]': Begin with a system message$",
    ),
    "syntax": ("{% if %}", "its chat template refuses the question .*Expected an expression"),
    "no string": (
        "{{ messages[0]['content'][0]['text'] }}",  # for contents of several parts
        "its chat template leaves out the question",
    ),
    "any error": ("{{ 1 // 0 }}", "its chat template refuses the question .*zero"),
    "several": ({"rag": OPENED, "tools": OPENED}, "its chat template refuses .*multiple chat temp"),
    "no question": ("{{ bos_token }}Hello", "its chat template leaves out the question 'Wie viele"),
    "other case": (
        "{{ messages[0]['content'] | upper }}",
        "leaves out the question .*changes it",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_template_that_does_not_ask(tmp_path, case):
    template, message = REFUSED[case]
    prompts = Prompts(CHAT, saved(chat_tokenizer(template), tmp_path / "model"))
    with pytest.raises(InputError, match=f"^{tmp_path}/model: .*{message}"):
        prompts.render(QUESTION, "de")


def test_a_long_question_is_cut_in_the_message(tmp_path):
    prompts = Prompts(CHAT, saved(chat_tokenizer("Hello"), tmp_path))
    with pytest.raises(InputError, match=f"the question '{'x' * 60}', or"):
        prompts.render("x" * 1000, "de")


DATED = (
    "{% if not date_string is defined %}{% if strftime_now is defined %}"
    "{% set date_string = strftime_now('%d %b %Y') %}"
    "{% else %}{% set date_string = '1 Jan 1970' %}{% endif %}{% endif %}"
    "Today: {{ date_string }}{% set form = '%Y-%m-%dT%H:%M:%S' %}, {{ strftime_now(form) }}, "
    "{% for message in messages %}{{ strftime_now('%A, %-d %B') }}: {{ message['content'] }}"
    "{% endfor %}"
)


def test_a_template_that_asks_for_the_day_is_told_one_day(monkeypatch):
    expected = f"Today: 26 Jul 2024, 2024-07-26T00:00:00, Friday, 26 July: {QUESTION}"
    for year in (2025, 2031):
        monkeypatch.setattr(chat_template_utils, "datetime", Clock(year))
        tokenizer = chat_tokenizer(DATED)
        assert str(year) in tokenizer.decode(applied(tokenizer, QUESTION))
        assert chat_prompt(tokenizer, QUESTION) == expected


class Clock:
    """The class datetime in a year of one's own."""

    def __init__(self, year):
        self.now = lambda: datetime(year, 2, 3)


@pytest.mark.parametrize("beginning", ["\n\n", "  ", "\n  {% if true %}x{% endif %}\n"])
def test_all_else_is_as_it_is_without_the_day(beginning):
    template = beginning + "{{ messages[0]['content'] }}{{ '' if NAME is defined }}\n"
    messages = [{"role": "user", "content": QUESTION}]
    plain = chat_tokenizer(template.replace("NAME", "bos_token"))
    dated = chat_tokenizer(template.replace("NAME", "strftime_now"))
    expected = plain.apply_chat_template(messages, tokenize=False)
    assert chat_prompt(plain, QUESTION) == chat_prompt(dated, QUESTION) == expected


def test_the_tokenizer_itself_still_adds_its_tokens():
    tokenizer = chat_tokenizer()
    bare = adding_no_tokens(tokenizer)
    assert tokenizer("a")["input_ids"][0] == BOS
    assert bare("a")["input_ids"] == tokenizer("a")["input_ids"][1:]
    assert bare(["a", "b"], verbose=False)["input_ids"] == [bare(x)["input_ids"] for x in "ab"]
    assert isinstance(bare, PreTrainedTokenizerFast)
    assert (bare.bos_token, bare.pad_token) == (tokenizer.bos_token, tokenizer.pad_token)
    assert bare.decode([BOS]) == "<s>"
