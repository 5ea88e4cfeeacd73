"""Negative log-likelihood and perplexity of texts under a model (METHOD 6)."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from transformers import PreTrainedModel

from langneurons.errors import InputError
from langneurons.models.batches import Batch, batches
from langneurons.models.head import Head
from langneurons.models.memory import lowering
from langneurons.models.probing import decoder_of, input_device

#: Which tokens are scored: those of the prompt, as in the release, of the response, or of a text,
#: which is a response to nothing.
TEXTS = ("prompt", "responses", "texts")
#: Number of logits held at once: 128 MiB in float32.
LOGITS_HELD = 1 << 25


def scored_tokens(tokens: pd.DataFrame, texts: str) -> pd.DataFrame:
    """Return a token table whose ``response_tokens`` are the tokens to score.

    Parameters
    ----------
    tokens
        Rows of `TOKENS`.
    texts
        ``responses`` or ``texts``: the table as it is. ``prompt``: the tokens of each prompt but
        the first, which nothing predicts; samples of one prompt become one row.
    """
    if texts != "prompt":
        return tokens
    rows = tokens.drop_duplicates(["problem", "language"], ignore_index=True)
    prompts = rows["prompt_tokens"]
    return rows.assign(
        prompt_tokens=[ids[:1] for ids in prompts], response_tokens=[ids[1:] for ids in prompts]
    )


class Likelihood:
    """The likelihood of the texts in a token table, packed once for any number of passes.

    Parameters
    ----------
    model
        A decoder-only model in evaluation mode.
    tokens
        Rows of `TOKENS`; the response tokens are scored, given all that precedes them.
    batch_tokens
        Most tokens in a batch, padding included; a longer row forms a batch of its own.
    head
        The model's, where there is one already.

    Raises
    ------
    InputError
        If the model's logits cannot be computed from its last states.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokens: pd.DataFrame,
        batch_tokens: int,
        head: Head | None = None,
    ) -> None:
        rows = np.arange(len(tokens), dtype=np.int64)
        self._model = model
        self._rows, self._batch_tokens = len(tokens), batch_tokens
        self._batches = list(batches(tokens, rows, batch_tokens, decoder_of(model).config))
        self._head = head or Head(model)
        self._piece = max(1, LOGITS_HELD // self._head.widest)

    @torch.inference_mode()
    def mean_nll(self) -> np.ndarray:
        """Return the mean NLL of each row's scored tokens under the model's current state.

        Returns
        -------
        numpy.ndarray
            float64, (rows,), in nats per token; NaN for a row without scored tokens.

        Raises
        ------
        InputError
            If the model yields NaN, or a batch does not fit into memory.

        Notes
        -----
        The decoder runs whole batches; logits are computed from its last states in pieces, so
        that logits for a whole batch are never in memory at once.
        """
        sums, counts = np.zeros(self._rows), np.zeros(self._rows, dtype=np.int64)
        with lowering("collection.batch_tokens", self._batch_tokens):
            for batch in self._batches:
                scored = batch.response[:, 1:]  # (B, S − 1)
                row = batch.groups[:, None].expand(scored.shape)[scored].numpy()
                np.add.at(sums, row, self._losses(batch, scored).numpy())
                np.add.at(counts, row, 1)
        refuse_nan(self._model, sums)
        return np.divide(sums, counts, out=np.full(self._rows, np.nan), where=counts > 0)

    def _losses(self, batch: Batch, scored: Tensor) -> Tensor:
        """Return the NLL of each scored token, float64, on the CPU."""
        ids = batch.ids.to(input_device(self._model))
        # No attention mask: in a causal model no token sees the padding to its right.
        states = decoder_of(self._model)(input_ids=ids, use_cache=False)[0][:, :-1]
        states = states[scored.to(states.device)]  # (scored tokens, hidden)
        targets = batch.ids[:, 1:][scored]
        losses = [torch.zeros(0, dtype=torch.float64)]
        for piece, target in zip(
            states.split(self._piece), targets.split(self._piece), strict=True
        ):
            losses.append(self._head.losses(piece, target))
        return torch.cat(losses)


def nll_backward(head: Head, states: Tensor, batch: Batch) -> float:
    """Run the sum of the NLL of a batch's response tokens backwards, logits piece by piece.

    Parameters
    ----------
    head
        The map from states to logits.
    states
        (B, S, hidden): the decoder's last states, with what made them.
    batch
        The texts; gradients of weights or activations that require them are added to theirs.

    Returns
    -------
    float
        The sum, in nats.
    """
    scored = batch.response[:, 1:]  # nothing predicts a first token
    chosen = states[:, :-1][scored.to(states.device)]  # (scored tokens, hidden)
    ends = chosen.detach().requires_grad_()
    targets = batch.ids[:, 1:][scored]
    piece, total = max(1, LOGITS_HELD // head.widest), 0.0
    for some, target in zip(ends.split(piece), targets.split(piece), strict=True):
        loss = head.total_loss(some, target)
        loss.backward()
        total += float(loss.detach())
    if ends.grad is not None:  # else no token was scored
        chosen.backward(ends.grad)
    return total


def refuse_nan(model: PreTrainedModel, losses: np.ndarray) -> None:
    """Raise an `InputError` if any of the losses from a model's logits is NaN."""
    if np.isnan(losses).any():
        raise InputError(
            f"{model.name_or_path or type(model).__name__}: NaN among the logits "
            f"({model.dtype}): numbers overflow in this dtype; try bfloat16 or float32"
        )
