"""Tokenise prompts and responses, and find the boundary between them (METHOD 1)."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import read_table, write_table
from langneurons.errors import InputError
from langneurons.models.schema import read_card
from langneurons.responses.prompts import PLAIN, Prompts
from langneurons.responses.schemas import RESPONSES, TOKENS, row_name
from langneurons.responses.windows import cut

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from langneurons.models.spec import ModelSpec

logger = logging.getLogger(__name__)

EMPTY = ("error", "drop")
_BATCH = 1000


def encode(tokenizer: "PreTrainedTokenizerBase", texts: Sequence[str]) -> list[list[int]]:
    """Return the tokens of each text, with any special tokens that the tokenizer prepends.

    Appended ones (T5 and XLM tokenizers add ``</s>``) are left out: the text continues, or ends
    where the model's own end token would stand.
    """
    if not texts:
        return []
    closing = _closing_tokens(tokenizer)
    tokens: list[list[int]] = []
    for start in range(0, len(texts), _BATCH):
        # verbose=False: we check lengths ourselves, with a message that names the problem.
        tokens += tokenizer(list(texts[start : start + _BATCH]), verbose=False)["input_ids"]
    return [ids[: len(ids) - closing] for ids in tokens]


def tokenize(
    responses: pd.DataFrame,
    tokenizer: "PreTrainedTokenizerBase",
    context_length: int | None,
    empty: str = "error",
) -> pd.DataFrame:
    """Tokenise each prompt with its response and split the two.

    The prompt's tokens are those of the prompt alone. Where the tokenizer merges across the
    boundary, the response begins at the first token of prompt + response that differs from the
    prompt's own, and the prompt keeps only the tokens before it.

    Parameters
    ----------
    responses
        The columns of `RESPONSES`.
    tokenizer
        The model's tokenizer.
    context_length
        Maximum number of tokens of a prompt with its response; None if the model has no limit.
    empty
        What to do with a response without tokens: ``"error"``, or ``"drop"`` the row.

    Returns
    -------
    pandas.DataFrame
        The columns of `TOKENS`, rows in the order of ``responses``; tokens
        are int32 arrays.

    Raises
    ------
    InputError
        If a response has no tokens (unless dropped), a language is left without responses, or
        a row is longer than the context.
    """
    if empty not in EMPTY:
        raise InputError(f"empty_responses is {empty!r}, expected one of {' '.join(EMPTY)}")
    prompts = list(dict.fromkeys(responses["prompt"]))
    prompt_tokens = dict(zip(prompts, encode(tokenizer, prompts), strict=True))
    whole = encode(tokenizer, list(responses["prompt"] + responses["response"]))
    begins = [
        _departure(prompt_tokens[prompt], ids)
        for prompt, ids in zip(responses["prompt"], whole, strict=True)
    ]
    lengths = [len(ids) - begin for begin, ids in zip(begins, whole, strict=True)]
    _demand_fit(responses, begins, lengths, context_length)
    kept = np.array(lengths, dtype=np.int64) > 0
    if empty == "error" and not kept.all():
        row = row_name(responses.iloc[int(np.argmin(kept))])
        raise InputError(
            f"{row}: the response has no tokens, expected at least one; "
            "'empty_responses: drop' leaves such responses out"
        )
    silent = sorted(set(responses["language"]) - set(responses["language"][kept]))
    if silent:
        raise InputError(f"all responses in {' '.join(silent)} are empty")
    tokens = responses.loc[kept, ["problem", "language", "sample"]].reset_index(drop=True)
    parts = [(ids, begin) for ids, begin, keep in zip(whole, begins, kept, strict=True) if keep]
    tokens["prompt_tokens"] = _arrays(ids[:begin] for ids, begin in parts)
    tokens["response_tokens"] = _arrays(ids[begin:] for ids, begin in parts)
    return tokens


def write_model_tokens(
    responses_path: str | Path,
    card_path: str | Path,
    spec: "ModelSpec",
    output: str | Path,
    **settings: Any,
) -> None:
    """Write the tokens of a responses artefact for a model with a card; see `write_tokens`.

    Parameters
    ----------
    card_path
        Says how many tokens fit into the model's context.
    settings
        Further arguments of `write_tokens`.
    """
    context_length = read_card(card_path)["context_length"]
    write_tokens(responses_path, spec, output, context_length, **settings)


def write_tokens(
    responses_path: str | Path,
    spec: "ModelSpec",
    output: str | Path,
    context_length: int | None,
    empty: str = "error",
    windows: Mapping[str, int] | None = None,
    template: str = PLAIN,
    questions: bool = False,
) -> None:
    """Write the tokens of a responses artefact; the provenance counts the dropped responses.

    Only the tokenizer of ``spec`` is loaded. See `tokenize` for the other parameters.

    Parameters
    ----------
    windows
        ``length`` and ``tokens``, see `langneurons.responses.windows.cut`, if the responses are
        documents to be cut.
    template
        How the prompts were made, see `langneurons.responses.prompts.Prompts`; all texts are alike.
    questions
        Whether the prompts are still questions, which the template is yet to ask.

    Raises
    ------
    InputError
        See `tokenize`, `langneurons.responses.windows.cut` and
        `langneurons.responses.prompts.Prompts`.
    """
    responses, asking = read_table(responses_path, RESPONSES), Prompts(template, spec)
    try:
        if questions:
            asked = zip(responses["prompt"], responses["language"], strict=True)
            responses["prompt"] = [asking.render(*question) for question in asked]
        # A document may be longer than the context, its windows may not.
        longest = None if windows else context_length
        tokens = tokenize(responses, asking.tokenizer, longest, empty)
        dropped = len(responses) - len(tokens)
        if windows is not None:
            tokens = cut(tokens, **windows)
            prompts, lengths = (list(map(len, tokens[part])) for part in TOKENS.names[-2:])
            _demand_fit(tokens, prompts, lengths, context_length)
    except InputError as error:
        raise InputError(f"{responses_path}: {error}") from None
    if dropped:
        logger.warning("%s: %d empty responses were dropped", responses_path, dropped)
    logger.info(
        "%s: %d responses with %d tokens",
        responses_path,
        len(tokens),
        tokens["response_tokens"].map(len).sum(),
    )
    provenance = {
        "inputs": [str(responses_path)],
        "model": asdict(spec),
        "context_length": context_length,
        "windows": None if windows is None else dict(windows),
        "empty_responses": {"policy": empty, "dropped": dropped},
    }
    write_table(tokens, output, TOKENS, provenance)


def _closing_tokens(tokenizer: "PreTrainedTokenizerBase") -> int:
    """Return how many special tokens the tokenizer appends to a text."""
    probe = "a"
    whole = tokenizer(probe)["input_ids"]
    bare = tokenizer(probe, add_special_tokens=False)["input_ids"]
    for opening in range(len(whole) - len(bare) + 1):
        if whole[opening : opening + len(bare)] == bare:
            return len(whole) - len(bare) - opening
    return 0


def _departure(prompt: Sequence[int], whole: Sequence[int]) -> int:
    """Return the first index at which ``whole`` differs from ``prompt``."""
    for index, (one, other) in enumerate(zip(prompt, whole, strict=False)):
        if one != other:
            return index
    return min(len(prompt), len(whole))


def _demand_fit(
    responses: pd.DataFrame,
    prompts: Sequence[int],
    lengths: Sequence[int],
    context_length: int | None,
) -> None:
    if context_length is None:
        return
    for index, (prompt, length) in enumerate(zip(prompts, lengths, strict=True)):
        if prompt + length > context_length:
            raise InputError(
                f"{row_name(responses.iloc[index])}: prompt and response have {prompt} + {length} "
                f"= {prompt + length} tokens, expected at most the model's {context_length}"
            )


def _arrays(lists: Iterable[Sequence[int]]) -> list[np.ndarray]:
    return [np.array(ids, dtype=np.int32) for ids in lists]
