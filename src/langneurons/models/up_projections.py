"""Find the projections into an MLP, whether they are fused or not.

One gives the pre-activations; in a gated MLP another one's output multiplies the activations.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from langneurons.errors import InputError
from langneurons.models.mlps import Mlp
from langneurons.models.probing import decoder_layers, evaluating, forward


@dataclass(frozen=True)
class Part:
    """A projection from the residual stream to the D neurons of an MLP."""

    module: nn.Module
    columns: slice
    """Where it is in the module's output: a half of a fused projection (Phi-3)."""


def find_gates(model: PreTrainedModel, mlps: Sequence[Mlp]) -> list[Part]:
    """Find the projection that gives the pre-activations of every MLP: its gate, or its only one.

    Parameters
    ----------
    model
        A decoder-only model with weights.
    mlps
        Its MLPs from `find_mlps`.

    Raises
    ------
    InputError
        If no projection's output is what the activation function is given.
    """
    layers = decoder_layers(model)
    inputs, outputs = _leaf_tensors(model)
    return [_gate_of(model, layers[mlp.layer], mlp, inputs, outputs) for mlp in mlps]


def find_ups(model: PreTrainedModel, mlps: Sequence[Mlp]) -> list[Part | None]:
    """Find the up projection of every MLP; None for a plain MLP, which has none.

    That the down projection reads the activation, times the up projection in a gated MLP, and
    nothing else is verified on a few tokens: only then does switching a neuron off take one
    column's product out of the MLP's output.

    Parameters
    ----------
    model
        A decoder-only model with weights.
    mlps
        Its MLPs from `find_mlps`.

    Raises
    ------
    InputError
        If an MLP is not like that (one that normalises before the down projection, say).
    """
    layers = decoder_layers(model)
    inputs, outputs = _leaf_tensors(model)
    return [_up_of(model, layers[mlp.layer], mlp, inputs, outputs) for mlp in mlps]


def _leaf_tensors(
    model: PreTrainedModel,
) -> tuple[dict[nn.Module, Tensor], dict[nn.Module, Tensor]]:
    """Return what each module without submodules is given for a few tokens, and what it gives."""
    outputs: dict[nn.Module, Tensor] = {}
    inputs: dict[nn.Module, Tensor] = {}

    def keep(module: nn.Module, arguments: tuple[Any, ...], output: Any) -> None:
        if isinstance(output, Tensor) and isinstance(arguments[0], Tensor):
            inputs[module], outputs[module] = arguments[0], output

    leaves = (module for module in decoder_layers(model).modules() if not list(module.children()))
    with evaluating(model), ExitStack() as hooks:
        for leaf in leaves:
            hooks.callback(leaf.register_forward_hook(keep).remove)
        forward(model)
    return inputs, outputs


def _gate_of(
    model: PreTrainedModel,
    layer: nn.Module,
    mlp: Mlp,
    inputs: dict[nn.Module, Tensor],
    outputs: dict[nn.Module, Tensor],
) -> Part:
    given = inputs[mlp.activation].reshape(-1, mlp.width)
    for part, output in _parts(layer, mlp, outputs, len(given)):
        if _alike(given, output):
            return part
    raise InputError(
        f"{type(model).__name__}: layer {mlp.layer}: the activation function is given no "
        "projection's output as it is"
    )


def _parts(
    layer: nn.Module, mlp: Mlp, outputs: dict[nn.Module, Tensor], rows: int
) -> Iterator[tuple[Part, Tensor]]:
    """Yield the projections of a layer that could lead to its neurons, with their output."""
    for module in layer.modules():
        if module not in outputs or module in (mlp.down, mlp.activation):
            continue
        output = outputs[module]
        if output.numel() // output.shape[-1] != rows:
            continue
        for start in _starts(output.shape[-1], mlp.width):
            part = Part(module, slice(start, start + mlp.width))
            yield part, output.reshape(rows, -1)[:, part.columns]


def _up_of(
    model: PreTrainedModel,
    layer: nn.Module,
    mlp: Mlp,
    inputs: dict[nn.Module, Tensor],
    outputs: dict[nn.Module, Tensor],
) -> Part | None:
    activation = outputs[mlp.activation].reshape(-1, mlp.width)
    read = inputs[mlp.down].reshape(-1, mlp.width)
    if not mlp.gated:
        if _alike(activation, read):
            return None
        raise _refusal(model, mlp, "the activations")
    for part, output in _parts(layer, mlp, outputs, len(read)):
        if _alike(activation * output, read):
            return part
    raise _refusal(model, mlp, "the activations times another projection")


def _starts(outputs: int, width: int) -> tuple[int, ...]:
    return {width: (0,), 2 * width: (0, width)}.get(outputs, ())


def _refusal(model: PreTrainedModel, mlp: Mlp, expected: str) -> InputError:
    return InputError(
        f"{type(model).__name__}: layer {mlp.layer}: the down projection "
        f"({type(mlp.down).__name__}) does not read {expected} alone"
    )


def _alike(expected: Tensor, found: Tensor) -> bool:
    tolerance = torch.finfo(expected.dtype).eps ** 0.5
    return bool((expected - found).abs().max() <= tolerance * expected.abs().max())


def watch_up(mlp: Mlp, up: Part | None, see: Callable[[Tensor], None], hooks: ExitStack) -> None:
    """Call ``see`` with (…, D) in every forward pass: the up projection's output or, in a plain
    MLP, that of its only other projection, the pre-activations.
    """
    if up is None:
        hook = mlp.activation.register_forward_pre_hook(lambda _, arguments: see(arguments[0]))
    else:
        columns = up.columns
        hook = up.module.register_forward_hook(lambda _, __, output: see(output[..., columns]))
    hooks.callback(hook.remove)
