"""Prompts: a text around each question, or what the chat template of a model makes of it."""

from functools import cached_property
from string import Formatter
from typing import TYPE_CHECKING

from langneurons.corpora.languages import english_name
from langneurons.errors import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from langneurons.models.spec import ModelSpec

#: In place of a text: the chat template of the model's tokenizer.
CHAT = "chat"
#: The question is the whole prompt.
PLAIN = "{query}"
#: Prompt of the MathOctopus models (METHOD 6).
MATHOCTOPUS = (
    "Below is an instruction that describes a task. Write a response that appropriately completes "
    "the request in {lang}. Please answer in {lang}.\n\n### Instruction:\n{query}\n\n### Response:"
)
_FIELDS = ("query", "lang")
_TRANSLATION_FIELDS = ("source", "source_language", "target_language")


def check_template(template: str) -> None:
    """Check that a template is `CHAT` or can be rendered; literal braces are doubled.

    Raises
    ------
    InputError
        If its braces are unbalanced, it has a field other than ``{query}`` and ``{lang}``, or it
        lacks ``{query}``.
    """
    if template == CHAT:
        return
    if "query" not in _fields_of(template, _FIELDS):
        raise InputError(
            f"template {template!r}: expected the field {{query}}, for the question, or the word "
            f"{CHAT} alone, for the chat template of the model's tokenizer"
        )


def check_translation_template(template: str) -> None:
    """Check that a template asks for a translation, see `ask_to_translate`.

    Raises
    ------
    InputError
        If its braces are unbalanced, it has other fields, or it lacks ``{source}``.
    """
    if "source" not in _fields_of(template, _TRANSLATION_FIELDS):
        raise InputError(
            f"template {template!r}: expected the field {{source}}, for the text to translate"
        )


def ask_to_translate(template: str, source: str, language: str, target_language: str) -> str:
    """Return the text before a translation.

    Parameters
    ----------
    template
        Its field ``{source}`` becomes the text to translate; ``{source_language}`` and
        ``{target_language}`` the English names of the languages.
    source
        The text to translate.
    language, target_language
        Codes of the languages of the source and of the translation.
    """
    return template.format(
        source=source,
        source_language=english_name(language),
        target_language=english_name(target_language),
    )


def _fields_of(template: str, known: tuple[str, ...]) -> list[str]:
    """Return the fields of a template, or say which one is not known."""
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
        if field not in known or form or conversion:
            written = (
                field + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            )
            listed = " or ".join(f"{{{name}}}" for name in known)
            raise InputError(
                f"template {template!r}: found the field {{{written}}}, expected {listed}"
            )
        fields.append(field)
    return fields


class Prompts:
    """How questions are asked, and the tokenizer for what asks them.

    A chat template writes special tokens itself. Its prompts are tokenised without those that a
    tokenizer adds to other texts, or there might be two that begin a text.

    Parameters
    ----------
    template
        A text with the field ``{query}`` and optionally ``{lang}``, or `CHAT`.
    spec
        The model that is asked; its tokenizer is loaded when it is needed. Without one, `CHAT`
        leaves questions as they are, for each model to ask by its own template.

    Raises
    ------
    InputError
        See `check_template`.
    """

    def __init__(self, template: str, spec: "ModelSpec | None" = None) -> None:
        check_template(template)
        self._template, self._spec = template, spec

    def render(self, question: str, language: str) -> str:
        """Return the prompt that asks a question.

        Parameters
        ----------
        question
            Replaces ``{query}`` verbatim, braces included.
        language
            ISO 639-1 code; its English name replaces ``{lang}``.

        Raises
        ------
        InputError
            If the language is unknown; with `CHAT` see `langneurons.models.chat.chat_prompt`.
        """
        if self._template != CHAT:
            return self._template.format(query=question, lang=english_name(language))
        if self._spec is None:
            return question
        from langneurons.models.chat import chat_prompt

        return chat_prompt(self.tokenizer, question)

    @cached_property
    def tokenizer(self) -> "PreTrainedTokenizerBase":
        """The model's tokenizer, as prompts need it; see `load_tokenizer` for the errors."""
        from langneurons.models.chat import adding_no_tokens
        from langneurons.models.loading import load_tokenizer

        if self._spec is None:
            raise ValueError("found no spec, expected that of the model whose tokenizer is used")
        tokenizer = load_tokenizer(self._spec)
        return adding_no_tokens(tokenizer) if self._template == CHAT else tokenizer
