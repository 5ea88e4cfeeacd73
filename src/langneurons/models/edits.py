"""Change the activations of chosen neurons while a model runs, then undo the change.

An activation is what `Mlp.activation` returns: one number per neuron and token, before a gated
MLP multiplies it by the up projection (METHOD 1, 6). An `Edit` names neurons of one layer and what
happens to their activations; `intervening` applies edits through forward hooks for the duration of
a ``with`` block, both in single passes and in ``generate``:

>>> with intervening(mlps, [Edit(layer=3, neurons=torch.tensor([5, 17]))]):   # switched off
...     model.generate(...)
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from langneurons.errors import InputError
from langneurons.models.mlps import Mlp

OPERATIONS = ("set", "scale", "add")


@dataclass(frozen=True)
class Edit:
    """What happens to the activations of some neurons in one layer; by default they become zero."""

    layer: int
    """Index of the layer, from 0."""
    neurons: Tensor
    """int64, (n,): indices of neurons, each at most once."""
    operation: str = "set"
    """``set`` to the value, ``scale`` (multiply) by it, or ``add`` it."""
    value: float | Tensor = 0.0
    """One number for all neurons, or one per neuron, (n,)."""


@contextmanager
def intervening(mlps: Sequence[Mlp], edits: Sequence[Edit]) -> Iterator[None]:
    """Apply edits to every forward pass inside the block; the hooks are removed at its end.

    Parameters
    ----------
    mlps
        The model's MLPs, from `find_mlps`.
    edits
        Any number per layer; those of one layer are applied in the order given.

    Raises
    ------
    InputError
        If a layer or a neuron is not in the model, a neuron is named twice in one edit, or there
        are not as many values as neurons. No hooks are set then.

    Notes
    -----
    Activations are changed in place if nothing else can see it: not in a pass that records
    gradients, and not if the activation function returns its own input. Values take the dtype
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
    """Return the edits that switch off the neurons marked in a boolean array (L, D)."""
    return [
        Edit(layer, torch.from_numpy(np.flatnonzero(row)))
        for layer, row in enumerate(mask)
        if row.any()
    ]


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

    def change(_: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> Tensor:
        nonlocal neurons, value
        if neurons.device != output.device:
            neurons = neurons.to(output.device)
        if isinstance(value, Tensor):
            value = value.to(output.device, output.dtype)
        if output.requires_grad or _share_memory(output, arguments[0]):
            output = output.clone()
        if edit.operation == "set":
            if not isinstance(value, Tensor):
                return output.index_fill_(-1, neurons, value)
            chosen = value.expand(*output.shape[:-1], -1)
        else:
            chosen = output.index_select(-1, neurons)
            chosen = chosen * value if edit.operation == "scale" else chosen + value
        return output.index_copy_(-1, neurons, chosen)

    return change


def _share_memory(one: Tensor, other: Tensor) -> bool:
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()
