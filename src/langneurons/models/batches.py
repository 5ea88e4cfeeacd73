"""Pack token sequences into padded batches without changing any result."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel

from langneurons.errors import InputError
from langneurons.models.loading import context_length
from langneurons.models.probing import decoder_of, input_embeddings


@dataclass(frozen=True)
class Batch:
    """B sequences of prompt and response, padded on the right to S tokens."""

    ids: Tensor
    """int64, (B, S): the tokens."""
    response: Tensor
    """bool, (B, S): True at response tokens."""
    groups: Tensor
    """int64, (B,): the group that each sequence counts towards."""
    tokens: int
    """Number of tokens that are not padding."""

    def to(self, device: torch.device) -> "Batch":
        """Return the batch with its tensors on ``device``."""
        return replace(
            self,
            ids=self.ids.to(device),
            response=self.response.to(device),
            groups=self.groups.to(device),
        )


def batches(
    tokens: pd.DataFrame, groups: np.ndarray, batch_tokens: int, config: PreTrainedConfig
) -> Iterator[Batch]:
    """Yield all rows in batches of similar length, the longest first, so that memory fails early.

    Parameters
    ----------
    tokens
        Rows of `TOKENS`.
    groups
        The group of each row.
    batch_tokens
        Most tokens in a batch, padding included; a longer row forms a batch of its own.
    config
        Configuration of the decoder.
    """
    prompts, responses = tokens["prompt_tokens"].tolist(), tokens["response_tokens"].tolist()
    lengths = sequence_lengths(tokens["prompt_tokens"])
    lengths += sequence_lengths(tokens["response_tokens"])
    for rows in rows_of_batches(lengths, batch_tokens, rope_switch(config)):
        chosen = [(prompts[row], responses[row]) for row in rows]
        yield _pad(chosen, groups[rows], int(lengths[rows].sum()))


def check_rows(model: PreTrainedModel, tokens: pd.DataFrame, languages: Sequence[str]) -> None:
    """Check that a model can take every row of a token table.

    Raises
    ------
    InputError
        If a language is not among ``languages``, or a row is longer than the model's context or
        has a token that the model does not know.
    """
    vocabulary = input_embeddings(model).num_embeddings
    context = context_length(decoder_of(model).config)
    for row in tokens.itertuples():
        place = f"problem {row.problem!r}, language {row.language!r}, sample {row.sample}"
        if row.language not in languages:
            raise InputError(f"{place}: expected one of the languages {' '.join(languages)}")
        length = len(row.prompt_tokens) + len(row.response_tokens)
        if context is not None and length > context:
            raise InputError(
                f"{place}: {length} tokens, but {type(model).__name__} takes at most {context}"
            )
        for ids in map(np.asarray, (row.prompt_tokens, row.response_tokens)):
            if ids.size and not 0 <= ids.min() <= ids.max() < vocabulary:
                raise InputError(
                    f"{place}: tokens from {ids.min()} to {ids.max()}, but {type(model).__name__} "
                    f"knows 0 to {vocabulary - 1}; expected tokens of the model's own tokenizer"
                )


def sequence_lengths(sequences: pd.Series | Sequence[Sequence[int]]) -> np.ndarray:
    """Return the lengths of lists, int64."""
    return np.fromiter(map(len, sequences), dtype=np.int64, count=len(sequences))


def _pad(
    chosen: Sequence[tuple[Sequence[int], Sequence[int]]], groups: np.ndarray, tokens: int
) -> Batch:
    longest = max(len(prompt) + len(response) for prompt, response in chosen)
    ids = torch.zeros(len(chosen), longest, dtype=torch.int64)
    in_response = torch.zeros(ids.shape, dtype=torch.bool)
    for row, (prompt, response) in enumerate(chosen):
        start, end = len(prompt), len(prompt) + len(response)
        ids[row, :start] = torch.tensor(prompt)
        ids[row, start:end] = torch.tensor(response)
        in_response[row, start:end] = True
    return Batch(ids, in_response, torch.as_tensor(groups), tokens)


def rows_of_batches(
    lengths: np.ndarray, batch_tokens: int, switch: int | None = None
) -> Iterator[list[int]]:
    """Yield the rows of batches of similar length, the longest first; see `batches`.

    Parameters
    ----------
    lengths
        int64, (rows,): tokens of each row.
    switch
        Rows up to this length do not share batches with longer ones.
    """
    batch: list[int] = []
    for row in np.argsort(-lengths, kind="stable").tolist():
        if batch:
            longest = lengths[batch[0]]
            full = (len(batch) + 1) * longest > batch_tokens
            # A batch's longest row would decide how positions are encoded in all its rows.
            switches = switch is not None and lengths[row] <= switch < longest
            if full or switches:
                yield batch
                batch = []
        batch.append(row)
    if batch:
        yield batch


def rope_switch(config: PreTrainedConfig) -> int | None:
    """Return the length above which a model encodes positions differently (LongRoPE), if any."""
    parameters = getattr(config, "rope_parameters", None) or {}
    if parameters.get("rope_type") != "longrope":
        return None
    return parameters["original_max_position_embeddings"]
