"""Prompt templates."""

import pytest

from langneurons.errors import InputError
from langneurons.responses.prompts import MATHOCTOPUS, Prompts, check_template


def render(template, question, language):
    return Prompts(template).render(question, language)


def test_mathoctopus_prompt():
    assert render(MATHOCTOPUS, "Wie viele?", "de") == (
        "Below is an instruction that describes a task. Write a response that appropriately "
        "completes the request in German. Please answer in German.\n\n"
        "### Instruction:\nWie viele?\n\n### Response:"
    )


def test_braces_of_the_question_stay():
    assert render("Q: {query}", "{x} and {query} {{}} {", "en") == "Q: {x} and {query} {{}} {"


def test_doubled_braces_of_the_template_become_single():
    assert render("{{json}} {query} {lang}", "a", "sw") == "{json} a Swahili"


def test_the_language_may_be_left_out():
    assert render("{query}\n", "a", "en") == "a\n"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("no field", r"expected the field \{query\}"),
        ("{lang}", r"expected the field \{query\}"),
        ("", r"expected the field \{query\}"),
        ("{query} {answer}", r"found the field \{answer\}, expected \{query\} or \{lang\}"),
        ("{query} {}", r"found the field \{\}"),
        ("{query.__class__}", r"found the field \{query.__class__\}"),
        ("{query!r}", r"found the field \{query!r\}"),
        ("{query:>10}", r"found the field \{query:>10\}"),
        ("{query} {", r"braces of the text itself"),
        ("{query} }", r"braces of the text itself"),
    ],
)
def test_refuses_other_templates(template, message):
    with pytest.raises(InputError, match=message):
        check_template(template)
    with pytest.raises(InputError, match=message):
        render(template, "a", "en")


def test_unknown_language():
    with pytest.raises(InputError, match="unknown language 'xx'"):
        render("{query} {lang}", "a", "xx")
