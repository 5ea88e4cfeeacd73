"""Chat templates: what a tokenizer writes around a question, special tokens included."""

from copy import copy
from datetime import datetime
from functools import partialmethod
from typing import Any, cast

from transformers import PreTrainedTokenizerBase

from langneurons.errors import InputError
from langneurons.models.loading import first_line, load_tokenizer
from langneurons.models.spec import ModelSpec

# Templates that ask for today's date are told this day, the one that Llama 3.2's falls back on.
_DAY = datetime(2024, 7, 26)
_DIRECTIVES = [f"%{letter}" for letter in "aAbBcdDeFHIjmMpSTuUwWxXyYZ"] + ["%-d", "%-m"]
# Takes the place of the function of this name; what templates can be given otherwise is data only.
# The + keeps a line break that the template may begin with.
_FIXED_DAY = (
    "{% macro strftime_now(format) %}{{ format"
    + "".join(f"|replace({code!r}, {_DAY.strftime(code)!r})" for code in _DIRECTIVES)
    + " }}{% endmacro +%}"
)
_QUESTION = "How many apples are left?"
_SHOWN = 60  # characters of a question in a message


def chat_prompt(tokenizer: PreTrainedTokenizerBase, question: str) -> str:
    """Return the prompt that asks a question, by the chat template of a tokenizer.

    The question is the only message, the user's, and the assistant's turn is opened. The template
    writes special tokens itself: `adding_no_tokens` returns the tokenizer for such prompts.

    A template that writes today's date, as those of Llama 3 do, gets 26 July 2024 on any day, so
    that the same experiment has the same prompts tomorrow.

    Raises
    ------
    InputError
        If the tokenizer has no chat template, the template refuses the question or leaves it out.
    """
    where, shown = tokenizer.name_or_path, question[:_SHOWN]
    if not tokenizer.chat_template:
        raise InputError(
            f"{where}: its tokenizer has no chat template (base models have none), which "
            "'prompt: chat' needs; expected a chat model, the key tokenizer with that of a chat "
            "model, or a prompt that is a text with {query}"
        )
    try:
        template = tokenizer.get_chat_template()
        prompt = tokenizer.apply_chat_template(
            [{"role": "user", "content": question}],
            chat_template=_FIXED_DAY + template if "strftime_now" in template else template,
            add_generation_prompt=True,
            tokenize=False,
        )
    except Exception as error:  # a template is a program, which may raise anything
        raise InputError(
            f"{where}: its chat template refuses the question {shown!r}: {first_line(error)}"
        ) from error
    # Most templates strip the question.
    if question.strip() not in prompt:
        raise InputError(
            f"{where}: its chat template leaves out the question {shown!r}, or changes it; "
            "expected a prompt that contains it"
        )
    return cast(str, prompt)


def check_chat(spec: ModelSpec) -> None:
    """Check that a model's tokenizer has a chat template that asks a question.

    Raises
    ------
    InputError
        See `load_tokenizer` and `chat_prompt`.
    """
    chat_prompt(load_tokenizer(spec), _QUESTION)


def adding_no_tokens(tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """Return the tokenizer for texts that have their special tokens: it adds none to them.

    It serves functions that take a tokenizer and would have it add some. The tokenizer itself stays
    as it is.
    """
    kind = type(tokenizer)
    call = partialmethod(kind.__call__, add_special_tokens=False)
    bare: Any = copy(tokenizer)
    bare.__class__ = type(kind.__name__, (kind,), {"__call__": call})
    return cast(PreTrainedTokenizerBase, bare)
