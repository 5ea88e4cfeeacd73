"""Negative log-likelihood and perplexity of texts under a model (METHOD 6)."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear
from transformers import PreTrainedModel

from langneurons.errors import InputError
from langneurons.models.batches import Batch, batches
from langneurons.models.memory import lowering
from langneurons.models.probing import PROBE_SHAPE, decoder_of, input_device

#: Which tokens are scored: those of the prompt, as in the release, of the response, or of a text,
#: which is a response to nothing.
TEXTS = ("prompt", "responses", "texts")
#: Number of logits held at once: 128 MiB in float32.
LOGITS_HELD = 1 << 25
#: Entries of the vocabulary at a time. On a CPU the logits of a block stay in its cache: half the
#: time with 262,144 entries.
_BLOCK = 4096


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

    Raises
    ------
    InputError
        If the model's logits cannot be computed from its last states.
    """

    def __init__(self, model: PreTrainedModel, tokens: pd.DataFrame, batch_tokens: int) -> None:
        rows = np.arange(len(tokens), dtype=np.int64)
        self._model = model
        self._rows, self._batch_tokens = len(tokens), batch_tokens
        self._batches = list(batches(tokens, rows, batch_tokens, decoder_of(model).config))
        self._head = _Head(model)
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


def refuse_nan(model: PreTrainedModel, losses: np.ndarray) -> None:
    """Raise an `InputError` if any of the losses from a model's logits is NaN."""
    if np.isnan(losses).any():
        raise InputError(
            f"{model.name_or_path or type(model).__name__}: NaN among the logits "
            f"({model.dtype}): numbers overflow in this dtype; try bfloat16 or float32"
        )


class _Head:
    """The map from last states to logits, verified on a few tokens.

    After the output embeddings, some architectures scale their logits (Cohere, Granite) or cap
    them (Gemma 2).
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._embeddings = embeddings = model.get_output_embeddings()
        # What is not a plain layer in memory (quantised, offloaded) is asked for all at once.
        self._plain = type(embeddings) is nn.Linear and not embeddings.weight.is_meta
        #: Number of logits of one state that are held at once.
        self.widest = _BLOCK if self._plain else embeddings.weight.shape[0]
        self._after = self._verified(model)

    def _verified(self, model: PreTrainedModel) -> Callable[[Tensor], Tensor]:
        """Return what the model does to its logits after the output embeddings."""
        config = decoder_of(model).config
        scales = [getattr(config, name, None) for name in ("logit_scale", "logits_scaling")]
        cap = getattr(config, "final_logit_softcapping", None)
        candidates: list[Callable[[Tensor], Tensor]] = [
            *([lambda logits: cap * torch.tanh(logits / cap)] if cap else []),
            *(
                lambda logits, factor=factor: logits * factor
                for scale in scales
                if scale
                for factor in (scale, 1 / scale)
            ),
            lambda logits: logits,
        ]
        ids = torch.arange(PROBE_SHAPE[1], device=input_device(model))[None]
        with torch.inference_mode():
            expected = model(input_ids=ids, use_cache=False).logits[0].float()
            states = decoder_of(model)(input_ids=ids, use_cache=False)[0][0]
            found = self._embeddings(states).to(expected.device)
            tolerance = 1e-2 * float(expected.std())
            for candidate in candidates:
                logits = candidate(found).float()
                if torch.allclose(logits, expected, rtol=1e-2, atol=tolerance, equal_nan=True):
                    return candidate
        raise InputError(
            f"{type(model).__name__}: its logits are not those of its output embeddings and last "
            "states, so that the likelihood of its texts cannot be had"
        )

    def losses(self, states: Tensor, targets: Tensor) -> Tensor:
        """Return the NLL of a target after each state, float64, on the CPU."""
        if not self._plain:
            logits = self._after(self._embeddings(states)).float()  # (n, V)
            loss = cross_entropy(logits, targets.to(logits.device), reduction="none")
            return loss.double().cpu()
        weight, bias = self._embeddings.weight, self._embeddings.bias
        states, targets = states.to(weight.device), targets.to(weight.device)
        sums, chosen = [], torch.zeros(len(targets), dtype=torch.float32, device=weight.device)
        for start in range(0, len(weight), _BLOCK):
            block = slice(start, start + _BLOCK)
            rows = None if bias is None else bias[block]
            logits = self._after(linear(states, weight[block], rows)).float()  # (n, block)
            sums.append(logits.logsumexp(dim=-1))
            # All rows alike: to pick those whose target is here, a GPU would wait for the CPU.
            place = targets - start
            here = (place >= 0) & (place < logits.shape[1])
            found = logits.gather(1, place.clamp(0, logits.shape[1] - 1)[:, None])[:, 0]
            chosen = torch.where(here, found, chosen)
        return torch.stack(sums).cpu().double().logsumexp(dim=0) - chosen.cpu().double()
