"""Log probabilities of several continuations of each prompt, which is read once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from transformers import PreTrainedModel

from langneurons.artifacts.progress import Progress
from langneurons.errors import InputError
from langneurons.models.head import Head
from langneurons.models.likelihood import LOGITS_HELD, refuse_nan
from langneurons.models.memory import lowering
from langneurons.models.probing import decoder_of, input_device


@dataclass(frozen=True)
class _Batch:
    """n prompts of equal length, and their continuations."""

    prompts: Tensor
    """int64, (n, S)."""
    of: Tensor
    """int64, (k,): the prompt of each continuation."""
    continuations: Tensor
    """int64, (k, M): padded on the right with −1."""
    rows: np.ndarray
    """(k,): the row of each continuation."""


class CandidateLikelihood:
    """The likelihood of the continuations of prompts, packed once for any number of passes.

    Parameters
    ----------
    model
        A decoder-only model in evaluation mode.
    tokens
        ``prompt_tokens`` and ``response_tokens``: rows with equal prompts share them.
    batch_tokens
        Most tokens in a batch, padding included; a prompt with its continuations forms a batch of
        its own if it has more.

    Raises
    ------
    InputError
        If a prompt has no tokens, or the model's logits cannot be computed from its last states.
    """

    def __init__(self, model: PreTrainedModel, tokens: pd.DataFrame, batch_tokens: int) -> None:
        if (tokens["prompt_tokens"].map(len) == 0).any():
            raise InputError(
                "a prompt has no tokens, expected one at least: nothing predicts what follows; "
                "does the tokenizer write no token that begins a text?"
            )
        self._model = model
        self._rows, self._batch_tokens = len(tokens), batch_tokens
        self._batches = list(_batches(tokens, batch_tokens))
        self._head = Head(model)

    @torch.inference_mode()
    def log_probabilities(self, progress: bool = False) -> np.ndarray:
        """Return the log probability of each row's response tokens under the model's current state.

        Returns
        -------
        numpy.ndarray
            float64, (rows,), in nats: the sum over the response tokens, each given all that
            precede it.

        Raises
        ------
        InputError
            If the model yields NaN, or a batch does not fit into memory.

        Notes
        -----
        A batch of prompts is read with a cache, which the continuations of each then follow; of
        these the last token is not read, since nothing is asked after it.
        """
        found = np.zeros(self._rows)
        prompts = sum(len(batch.prompts) for batch in self._batches)
        with (
            lowering("collection.batch_tokens", self._batch_tokens),
            Progress(prompts, "prompt", show=progress) as bar,
        ):
            for batch in self._batches:
                found[batch.rows] = self._of_batch(batch)
                bar.update(len(batch.prompts))
        refuse_nan(self._model, found)
        return found

    def _of_batch(self, batch: _Batch) -> np.ndarray:
        device, decoder = input_device(self._model), decoder_of(self._model)
        longer = batch.continuations.shape[1] > 1
        # No attention mask: there is no padding to the left of a token.
        output = decoder(input_ids=batch.prompts.to(device), use_cache=longer)
        last = output[0][:, -1]  # (n, hidden)
        found = -self._first_losses(last, batch)
        if longer:
            cache = output.past_key_values
            if cache is None:
                raise InputError(
                    f"{type(self._model).__name__} keeps no cache of keys and values, expected a "
                    "model that does: candidates continue a prompt that is read once (cloze)"
                )
            cache.batch_select_indices(batch.of.to(device))
            read = batch.continuations[:, :-1].clamp(min=0).to(device)
            states = decoder(input_ids=read, past_key_values=cache, use_cache=True)[0]
            targets = batch.continuations[:, 1:]
            scored = targets >= 0  # (k, M − 1)
            losses = self._losses(states[scored.to(states.device)], targets[scored])
            row = torch.arange(len(targets))[:, None].expand(targets.shape)[scored]
            found.index_add_(0, row, -losses)
        return found.numpy()

    def _first_losses(self, last: Tensor, batch: _Batch) -> Tensor:
        """Return the NLL of each continuation's first token, (k,), from one state a prompt."""
        counts = torch.bincount(batch.of, minlength=len(batch.prompts))
        # Rows are in the order of their prompts.
        starts = counts.cumsum(0) - counts
        place = torch.arange(len(batch.of)) - starts[batch.of]
        targets = torch.zeros(len(batch.prompts), int(counts.max()), dtype=torch.int64)
        targets[batch.of, place] = batch.continuations[:, 0]
        return self._losses(last, targets)[batch.of, place]

    def _losses(self, states: Tensor, targets: Tensor) -> Tensor:
        piece = max(1, LOGITS_HELD // self._head.widest)
        parts = zip(states.split(piece), targets.split(piece), strict=True)
        return torch.cat([self._head.losses(*part) for part in parts])


def _batches(tokens: pd.DataFrame, batch_tokens: int) -> Iterator[_Batch]:
    """Yield prompts of equal length with their continuations, the longest first."""
    continuations: list[Sequence[int]] = list(tokens["response_tokens"])
    rows_of: dict[tuple[int, ...], list[int]] = {}
    for row, prompt in enumerate(tokens["prompt_tokens"]):
        rows_of.setdefault(tuple(prompt), []).append(row)
    chosen: list[tuple[int, ...]] = []
    for prompt in sorted(rows_of, key=len, reverse=True):
        grown = [*chosen, prompt]
        rows = [row for one in grown for row in rows_of[one]]
        longest = max(len(continuations[row]) for row in rows)
        # The cache has the prompt once for each continuation.
        full = len(rows) * (len(prompt) + longest) > batch_tokens
        if chosen and (full or len(prompt) < len(chosen[0])):
            yield _pack(chosen, rows_of, continuations)
            grown = [prompt]
        chosen = grown
    if chosen:
        yield _pack(chosen, rows_of, continuations)


def _pack(
    prompts: Sequence[tuple[int, ...]],
    rows_of: dict[tuple[int, ...], list[int]],
    continuations: Sequence[Sequence[int]],
) -> _Batch:
    of = [index for index, prompt in enumerate(prompts) for _ in rows_of[prompt]]
    rows = [row for prompt in prompts for row in rows_of[prompt]]
    longest = max(len(continuations[row]) for row in rows)
    padded = torch.full((len(rows), longest), -1, dtype=torch.int64)
    for place, row in enumerate(rows):
        padded[place, : len(continuations[row])] = torch.as_tensor(continuations[row])
    return _Batch(torch.tensor(prompts), torch.tensor(of), padded, np.array(rows))
