"""Answers to prompts that end right before them: how both are joined, and their tokens."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from langneurons.responses.schemas import TOKENS
from langneurons.responses.tokens import tokenize

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

#: Languages that write no space between a prompt and what follows.
_WITHOUT_SPACES = ("bo", "dz", "ja", "km", "lo", "my", "th", "zh")


def continuation(answer: str, language: str) -> str:
    """Return an answer as it follows its prompt: after a space, or where none is written, at once.

    Parameters
    ----------
    language
        ISO 639-1 code.
    """
    return answer if language in _WITHOUT_SPACES else f" {answer}"


def cloze_tokens(
    facts: pd.DataFrame,
    tokenizer: "PreTrainedTokenizerBase",
    context_length: int | None,
    candidates: bool = True,
) -> pd.DataFrame:
    """Tokenise prompts with each of their candidates, or with the right answer alone.

    All candidates of a prompt are scored from the same token on: where a tokenizer merges the end
    of the prompt with the beginning of one of them, all begin there.

    Parameters
    ----------
    facts
        Rows of `langneurons.corpora.schema.FACTS`.
    tokenizer
        The model's tokenizer.
    context_length
        Maximum number of tokens of a prompt with its answer; None if the model has no limit.
    candidates
        Whether to return a row for each candidate, and not one for the right answer.

    Returns
    -------
    pandas.DataFrame
        ``id`` and ``language`` of the fact; ``candidate``, its place among the candidates;
        ``prompt_tokens`` and ``response_tokens``, int32 arrays. In the order of ``facts`` and of
        the candidates.

    Raises
    ------
    InputError
        If one does not fit into the model's context, or an answer has no tokens.
    """
    asked = facts[["id", "language", "question", "answer"]].assign(text=facts["candidates"])
    asked = asked.explode("text", ignore_index=True)
    asked["candidate"] = asked.groupby(["id", "language"], sort=False).cumcount()
    responses = pd.DataFrame(
        {
            "problem": asked["id"],
            "language": asked["language"],
            "sample": asked["candidate"],
            "prompt": asked["question"],
            "response": list(map(continuation, asked["text"], asked["language"])),
        }
    )
    tokens = tokenize(responses, tokenizer, context_length)[TOKENS.names]
    tokens = _from_the_same_token(tokens)
    tokens = tokens.rename(columns={"problem": "id", "sample": "candidate"})
    if candidates:
        return tokens
    right = (asked["text"] == asked["answer"]).to_numpy()
    return tokens[right].reset_index(drop=True)


def _from_the_same_token(tokens: pd.DataFrame) -> pd.DataFrame:
    """Let all rows of a problem and language begin their responses where the first one does."""
    lengths = tokens["prompt_tokens"].map(len)
    keys = [tokens["problem"], tokens["language"]]
    begins = lengths.groupby(keys, sort=False).transform("min").tolist()
    parts = zip(tokens["prompt_tokens"], tokens["response_tokens"], begins, strict=True)
    moved = [(one[:begin], np.concatenate([one[begin:], other])) for one, other, begin in parts]
    return tokens.assign(
        prompt_tokens=[prompt for prompt, _ in moved],
        response_tokens=[response for _, response in moved],
    )
