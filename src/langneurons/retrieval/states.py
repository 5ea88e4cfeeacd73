"""One state for each text and layer: the mean over its response tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from langneurons.artifacts.progress import Progress
from langneurons.errors import InputError
from langneurons.models.batches import Batch, batches
from langneurons.models.memory import lowering
from langneurons.models.probing import decoder_layers, decoder_of, input_device


def pooled_states(
    model: PreTrainedModel, tokens: pd.DataFrame, batch_tokens: int, progress: bool = True
) -> np.ndarray:
    """Return the mean state of each text at every layer.

    Parameters
    ----------
    model
        A decoder-only model in evaluation mode.
    tokens
        Rows of `TOKENS`, each with response tokens; equal rows are read once.
    batch_tokens
        Most tokens in a batch, padding included; a longer row forms a batch of its own.

    Returns
    -------
    numpy.ndarray
        float32, (rows, L + 1, hidden): means over response tokens. Layer 0 is what the first block
        reads, the embeddings; layer l is what block l writes, before any final norm.

    Raises
    ------
    InputError
        If the model has no single list of layers (`decoder_layers`), its states are not finite, or
        a batch does not fit into memory.
    """
    keys = [
        (*row.prompt_tokens, -1, *row.response_tokens)  # −1 is no token: it ends the prompt
        for row in tokens.itertuples()
    ]
    of, distinct = pd.factorize(pd.Series(keys, dtype=object))
    rows = tokens.iloc[np.unique(of, return_index=True)[1]]
    pool = _Pool(len(distinct), len(decoder_layers(model)) + 1)
    total = sum(map(len, rows["prompt_tokens"])) + sum(map(len, rows["response_tokens"]))
    decoder, groups = decoder_of(model), np.arange(len(rows))
    with (
        torch.inference_mode(),
        lowering("collection.batch_tokens", batch_tokens),
        pool.watching(model),
        Progress(total, "token", show=progress) as bar,
    ):
        for batch in batches(rows, groups, batch_tokens, decoder.config):
            pool.batch = batch.to(input_device(model))
            # No attention mask: in a causal model no token sees the padding to its right.
            decoder(input_ids=pool.batch.ids, use_cache=False)
            bar.update(batch.tokens)
    _demand_finite(model, pool.states)
    return pool.states[of]


class _Pool:
    """Means over the response tokens of the batch that a model is reading."""

    batch: Batch
    states: np.ndarray

    def __init__(self, rows: int, layers: int) -> None:
        self._shape = (rows, layers)

    @contextmanager
    def watching(self, model: PreTrainedModel) -> Iterator[None]:
        """Note what the layers of a model read and write within a block."""
        layers = decoder_layers(model)
        hooks = [layers[0].register_forward_pre_hook(self._reads, with_kwargs=True)]
        hooks += [
            layer.register_forward_hook(self._writes(i + 1)) for i, layer in enumerate(layers)
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _reads(self, _: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        self._add(0, arguments[0] if arguments else named["hidden_states"])

    def _writes(self, layer: int) -> Any:
        def note(_: nn.Module, __: Any, output: Any) -> None:
            self._add(layer, output[0] if isinstance(output, tuple) else output)

        return note

    def _add(self, layer: int, states: Tensor) -> None:
        """Pool states, (B, S, hidden), over response tokens."""
        if layer == 0 and not hasattr(self, "states"):
            self.states = np.zeros((*self._shape, states.shape[-1]), dtype=np.float32)
        # Layers may be on several devices.
        response = self.batch.response.to(states.device)
        # A product would make NaN of what is not finite in the padding.
        chosen = states.float().masked_fill(~response[:, :, None], 0)
        means = chosen.sum(dim=1) / response.sum(dim=1, keepdim=True)
        self.states[self.batch.groups.cpu().numpy(), layer] = means.cpu().numpy()


def _demand_finite(model: PreTrainedModel, states: np.ndarray) -> None:
    bad = np.flatnonzero(~np.isfinite(states).all(axis=(0, 2)))
    if bad.size:
        raise InputError(
            f"{model.name_or_path or type(model).__name__}: NaN or infinite numbers in the states "
            f"of layer {bad[0]} ({model.dtype}); the checkpoint is damaged, or its numbers "
            "overflow in this dtype"
        )
