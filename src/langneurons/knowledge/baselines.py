"""Where a path of integrated gradients begins: mean activations over other facts (METHOD 9)."""

from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from langneurons.models.batches import batches
from langneurons.models.memory import lowering
from langneurons.models.mlps import Mlp
from langneurons.models.probing import decoder_of, input_device


class Baselines:
    """Mean activations at a prompt's last token over the facts with another answer.

    They are of the same relation, language and phrasing, so that what all these prompts have in
    common is in the baseline too. Facts with the same answer (countries with the euro) are left
    out: they would hide what they share.

    Parameters
    ----------
    model, mlps
        A decoder-only model in evaluation mode and its MLPs.
    prompts
        Prompts of all facts, as in `langneurons.knowledge.facts.Facts`.
    batch_tokens
        Most tokens in a batch; no result depends on it.

    Notes
    -----
    Held are the activations of the phrasings of one relation in one language: 4 · prompts · L · D
    bytes. Ask for facts in this order.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        mlps: Sequence[Mlp],
        prompts: pd.DataFrame,
        batch_tokens: int,
    ) -> None:
        self._model, self._mlps, self._batch_tokens = model, mlps, batch_tokens
        self._groups = dict(iter(prompts.groupby(["relation", "language"], sort=False)))
        self._held: tuple[str, str] | None = None
        self._found: dict[int, tuple[np.ndarray, Tensor]] = {}

    def of(self, relation: str, language: str, phrasing: int, answer: str) -> Tensor:
        """Return the baseline of facts with this answer, (L, D), in the model's dtype."""
        if self._held != (relation, language):
            self._held, self._found = (relation, language), {}
            for name, rows in self._groups[relation, language].groupby("phrasing", sort=False):
                seen = last_activations(self._model, self._mlps, rows, self._batch_tokens)
                self._found[name] = (rows["answer"].to_numpy(), seen)
        answers, seen = self._found[phrasing]
        others = torch.from_numpy(np.flatnonzero(answers != answer))
        return seen[others].mean(dim=0, dtype=torch.float64).to(seen.dtype)


@torch.no_grad()
def last_activations(
    model: PreTrainedModel, mlps: Sequence[Mlp], prompts: pd.DataFrame, batch_tokens: int
) -> Tensor:
    """Return the activations of all neurons at the last token of each prompt.

    Parameters
    ----------
    prompts
        Rows with ``prompt_tokens``.
    batch_tokens
        Most tokens in a batch, padding included.

    Returns
    -------
    Tensor
        (P, L, D), on the CPU, in the order of the rows.

    Raises
    ------
    InputError
        If a batch does not fit into memory.
    """
    rows = pd.DataFrame(
        {
            "prompt_tokens": [ids[:-1] for ids in prompts["prompt_tokens"]],
            "response_tokens": [ids[-1:] for ids in prompts["prompt_tokens"]],
        }
    )
    numbers = np.arange(len(rows), dtype=np.int64)
    decoder = decoder_of(model)
    parts, places = [], []
    with ExitStack() as hooks, lowering("collection.batch_tokens", batch_tokens):
        seen: list[Tensor] = []

        def see(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
            last = batch.response.reshape(-1).to(output.device)
            seen.append(output.reshape(len(last), -1)[last].cpu())  # (B, D)

        for mlp in mlps:
            hooks.callback(mlp.activation.register_forward_hook(see).remove)
        for batch in batches(rows, numbers, batch_tokens, decoder.config):
            # No attention mask: in a causal model no token sees the padding to its right.
            decoder(input_ids=batch.ids.to(input_device(model)), use_cache=False)
            parts.append(torch.stack(seen, dim=1))  # (B, L, D)
            places.append(batch.groups)
            seen.clear()
    return torch.cat(parts)[torch.cat(places).argsort()]
