"""Change the activations of chosen neurons while a model runs, and put everything back after.

An activation is what `Mlp.activation` returns: one number a neuron and token, before the product
with the up projection of a gated MLP (METHOD 1, 6). An `Edit` names neurons of one layer and what
becomes of their activations; `intervening` applies edits through forward hooks for the length of a
``with`` block, in single passes and under ``generate`` alike:

>>> with intervening(mlps, [Edit(layer=3, neurons=torch.tensor([5, 17]))]):   # switched off
...     model.generate(...)
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from langneurons.errors import InputError
from langneurons.models.batches import Batch, batches, check_rows
from langneurons.models.mlps import Mlp
from langneurons.models.probing import decoder_of, input_device

OPERATIONS = ("set", "scale", "add")


@dataclass(frozen=True)
class Edit:
    """What becomes of the activations of some neurons of one layer; by default they are zero."""

    layer: int
    """Index of the layer, from 0."""
    neurons: Tensor
    """int64, (n,): indices of neurons, each at most once."""
    operation: str = "set"
    """``set`` to the value, ``scale`` (multiply) by it, or ``add`` it."""
    value: float | Tensor = 0.0
    """One number for all neurons, or one for each of them, (n,)."""


@contextmanager
def intervening(mlps: Sequence[Mlp], edits: Sequence[Edit]) -> Iterator[None]:
    """Apply edits to every forward pass inside the block; the hooks are removed at its end.

    Parameters
    ----------
    mlps
        The model's MLPs, from `find_mlps`.
    edits
        Any number a layer; those of one layer are applied in the order given.

    Raises
    ------
    InputError
        If a layer or a neuron is not in the model, a neuron is named twice in one edit, or there
        are not as many values as neurons. Nothing is hooked then.

    Notes
    -----
    Activations are changed in place where nothing else can see it: not in a pass that records
    gradients, and not where the activation function returns its own input. Values take the dtype
    of the activations.
    """
    for edit in edits:
        _check(mlps, edit)
    with ExitStack() as hooks:
        for edit in edits:
            if len(edit.neurons):
                hook = mlps[edit.layer].activation.register_forward_hook(_hook(edit))
                hooks.callback(hook.remove)
        yield


def zeroing(mask: np.ndarray) -> list[Edit]:
    """Return the edits that switch off the neurons of a boolean array (L, D)."""
    return [
        Edit(layer, torch.from_numpy(np.flatnonzero(row)))
        for layer, row in enumerate(mask)
        if row.any()
    ]


def language_activation_values(
    model: PreTrainedModel,
    mlps: Sequence[Mlp],
    tokens: pd.DataFrame,
    neurons: Mapping[int, Tensor],
    quantile: float | None = None,
    batch_tokens: int = 8192,
) -> dict[int, Tensor]:
    """Return the mean, or a quantile, of neurons' activations over response tokens.

    Parameters
    ----------
    tokens
        Rows of `schemas.TOKENS`; those of one language, for the values of that language.
    neurons
        For each layer of interest the indices of its neurons, (n,).
    quantile
        Between 0 and 1, interpolated linearly; None for the mean.
    batch_tokens
        Most tokens in a batch, padding included.

    Returns
    -------
    dict
        For each layer float32 values, (n,), as `Edit` takes them.

    Raises
    ------
    InputError
        If the rows have no response tokens or the model cannot take them (`check_rows`).

    Notes
    -----
    The mean is a running sum. A quantile is exact and holds 4 bytes for every response token and
    chosen neuron.
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
        for layer, summary in summaries.items():
            hooks.callback(mlps[layer].activation.register_forward_hook(summary.see).remove)
        for batch in batches(tokens, groups, batch_tokens, decoder.config):
            batch = batch.to(input_device(model))
            for summary in summaries.values():
                summary.batch = batch
            decoder(input_ids=batch.ids, use_cache=False)
    return {
        layer: summary.mean(total) if quantile is None else summary.quantile(quantile)
        for layer, summary in summaries.items()
    }


def _check(mlps: Sequence[Mlp], edit: Edit) -> None:
    if not 0 <= edit.layer < len(mlps):
        raise InputError(f"layer {edit.layer}: the model has layers 0 to {len(mlps) - 1}")
    width, neurons = mlps[edit.layer].width, edit.neurons
    place = f"layer {edit.layer}"
    wrong = neurons[(neurons < 0) | (neurons >= width)]
    if len(wrong):
        raise InputError(
            f"{place}: neuron {int(wrong[0])}, expected 0 to {width - 1} (the model has {width} "
            "neurons a layer)"
        )
    if len(neurons.unique()) != len(neurons):
        raise InputError(f"{place}: a neuron is named twice, expected each at most once")
    if edit.operation not in OPERATIONS:
        raise InputError(f"{place}: operation {edit.operation!r}, expected one of {OPERATIONS}")
    if isinstance(edit.value, Tensor) and edit.value.shape != neurons.shape:
        raise InputError(
            f"{place}: {len(neurons)} neurons but values of shape {tuple(edit.value.shape)}, "
            f"expected one number or ({len(neurons)},)"
        )


def _hook(edit: Edit) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
    """Return the forward hook of an edit; its tensors follow the activations' device and dtype."""
    neurons, value = edit.neurons, edit.value
    single = not isinstance(value, Tensor)

    def change(_: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> Tensor:
        nonlocal neurons, value
        if neurons.device != output.device:
            neurons = neurons.to(output.device)
        if not single and (value.device, value.dtype) != (output.device, output.dtype):
            value = value.to(output.device, output.dtype)
        if output.requires_grad or _share_memory(output, arguments[0]):
            output = output.clone()
        if edit.operation == "set" and single:
            return output.index_fill_(-1, neurons, value)
        if edit.operation == "set":
            chosen = value.expand(*output.shape[:-1], -1)
        else:
            chosen = output.index_select(-1, neurons)
            chosen = chosen * value if edit.operation == "scale" else chosen + value
        return output.index_copy_(-1, neurons, chosen)

    return change


def _share_memory(one: Tensor, other: Tensor) -> bool:
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


class _Summary:
    """Running sums, or all values, of the activations of some neurons of one layer."""

    def __init__(self, neurons: Tensor, keep: bool) -> None:
        self.batch: Batch | None = None
        self._neurons = neurons
        self._sums = torch.zeros(len(neurons), dtype=torch.float64)
        self._kept: list[Tensor] | None = [] if keep else None

    def see(self, _: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
        """Take in the activations of a batch; some decoders flatten its rows."""
        response = self.batch.response.reshape(-1).to(output.device)
        rows = output.reshape(len(response), -1)[response]  # (response tokens, D)
        values = rows[:, self._neurons.to(output.device)].cpu().float()
        if self._kept is None:
            self._sums += values.double().sum(dim=0)
        else:
            self._kept.append(values)

    def mean(self, tokens: int) -> Tensor:
        return (self._sums / tokens).float()

    def quantile(self, quantile: float) -> Tensor:
        # numpy: torch.quantile refuses more than 2^24 numbers.
        values = np.quantile(torch.cat(self._kept).numpy(), quantile, axis=0)
        return torch.from_numpy(values).float()
