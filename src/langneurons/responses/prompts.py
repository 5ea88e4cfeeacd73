"""Prompt templates: the text around a question, with ``{query}`` and ``{lang}`` to fill in."""

from string import Formatter

from langneurons.corpora.languages import english_name
from langneurons.errors import InputError

#: Prompt of the MathOctopus models (METHOD 6).
MATHOCTOPUS = (
    "Below is an instruction that describes a task. Write a response that appropriately completes "
    "the request in {lang}. Please answer in {lang}.\n\n### Instruction:\n{query}\n\n### Response:"
)
_FIELDS = ("query", "lang")


def check_template(template: str) -> None:
    """Check that a template can be rendered; literal braces are doubled.

    Raises
    ------
    InputError
        If its braces are unbalanced, it has a field other than ``{query}`` and ``{lang}``, or it
        lacks ``{query}``.
    """
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise InputError(
            f"template {template!r}: {error}; braces of the text itself are written {{{{ and }}}}"
        ) from None
    fields = []
    for _, field, form, conversion in parts:
        if field is None:
            continue
        if field not in _FIELDS or form or conversion:
            written = (
                field + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            )
            raise InputError(
                f"template {template!r}: found the field {{{written}}}, "
                "expected {query} or {lang}"
            )
        fields.append(field)
    if "query" not in fields:
        raise InputError(f"template {template!r}: expected the field {{query}}, for the question")


def render(template: str, question: str, language: str) -> str:
    """Return the prompt that asks ``question``.

    Parameters
    ----------
    template
        A text with the field ``{query}`` and optionally ``{lang}``.
    question
        Replaces ``{query}`` verbatim, braces included.
    language
        ISO 639-1 code; its English name replaces ``{lang}``.

    Raises
    ------
    InputError
        If the template has other fields or the language is unknown.
    """
    check_template(template)
    return template.format(query=question, lang=english_name(language))
