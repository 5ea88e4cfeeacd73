"""The mean, or a quantile, of chosen neurons' activations over responses."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from langneurons.artifacts.progress import Progress, tokens_in
from langneurons.errors import InputError
from langneurons.models.batches import Batch, batches, check_rows
from langneurons.models.memory import lowering
from langneurons.models.mlps import Mlp
from langneurons.models.probing import decoder_of, input_device


def language_activation_values(
    model: PreTrainedModel,
    mlps: Sequence[Mlp],
    tokens: pd.DataFrame,
    neurons: Mapping[int, Tensor],
    quantile: float | None = None,
    batch_tokens: int = 8192,
    progress: bool = False,
) -> dict[int, Tensor]:
    """Return the mean, or a quantile, of neurons' activations over response tokens.

    Parameters
    ----------
    tokens
        Rows of `TOKENS`; pass one language's rows to get that language's values.
    neurons
        For each layer of interest, the indices of its neurons, (n,).
    quantile
        Between 0 and 1, interpolated linearly; None for the mean.
    batch_tokens
        Most tokens in a batch, padding included.
    progress
        Whether to show a progress bar on stderr.

    Returns
    -------
    dict
        For each layer, float32 values, (n,), as `langneurons.models.edits.Edit` takes them.

    Raises
    ------
    InputError
        If the rows have no response tokens, the model cannot take them (`check_rows`), or a batch
        does not fit into memory.

    Notes
    -----
    The mean needs only a running sum. A quantile is exact and keeps 4 bytes for every response
    token and chosen neuron.
    """
    check_rows(model, tokens, tokens["language"].unique())
    total = int(tokens["response_tokens"].map(len).sum())
    if total == 0:
        raise InputError("no response tokens, expected some to take activations from")
    keep = quantile is not None
    summaries = {layer: _Summary(indices, keep) for layer, indices in neurons.items()}
    groups = np.zeros(len(tokens), dtype=np.int64)
    decoder = decoder_of(model)
    with ExitStack() as hooks, torch.inference_mode():
        hooks.enter_context(lowering("collection.batch_tokens", batch_tokens))
        bar = hooks.enter_context(
            Progress(tokens_in(tokens), "token", "activations", show=progress)
        )
        for layer, summary in summaries.items():
            hooks.callback(mlps[layer].activation.register_forward_hook(summary.see).remove)
        for batch in batches(tokens, groups, batch_tokens, decoder.config):
            batch = batch.to(input_device(model))
            for summary in summaries.values():
                summary.batch = batch
            decoder(input_ids=batch.ids, use_cache=False)
            bar.update(batch.tokens)
    return {
        layer: summary.mean(total) if quantile is None else summary.quantile(quantile)
        for layer, summary in summaries.items()
    }


class _Summary:
    """Running sums, or all values, of the activations of some neurons of one layer."""

    batch: Batch
    """The batch that runs through the model; set before each."""

    def __init__(self, neurons: Tensor, keep: bool) -> None:
        self._neurons, self._keep = neurons, keep
        self._sums = torch.zeros(len(neurons), dtype=torch.float64)
        self._kept: list[Tensor] = []

    def see(self, _: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
        """Take in the activations of a batch; some decoders flatten its rows."""
        response = self.batch.response.reshape(-1).to(output.device)
        rows = output.reshape(len(response), -1)[response]  # (response tokens, D)
        values = rows[:, self._neurons.to(output.device)].cpu().float()
        if self._keep:
            self._kept.append(values)
        else:
            self._sums += values.double().sum(dim=0)

    def mean(self, tokens: int) -> Tensor:
        return (self._sums / tokens).float()

    def quantile(self, quantile: float) -> Tensor:
        # numpy: torch.quantile refuses more than 2^24 numbers.
        values = np.quantile(torch.cat(self._kept).numpy(), quantile, axis=0)
        return torch.from_numpy(values).float()
