"""Find the attention of a decoder's layers by what it multiplies, whatever it is called.

What attention works with is seen while the model runs (`seeing`); that the weights computed from it
are the model's own, and that the heads reach one output projection as they are, is verified.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from langneurons.errors import InputError
from langneurons.models.mlps import sizes
from langneurons.models.probing import decoder_layers, evaluating, forward
from langneurons.models.projections import weights_by_input
from langneurons.models.seeing import Seen, seeing, softmax


@dataclass(frozen=True)
class Attention:
    """The attention of one decoder layer."""

    layer: int
    """Index of the layer, from 0."""
    module: nn.Module
    """Computes it."""
    out: nn.Module
    """The projection from the H heads, side by side, back to the residual stream."""
    heads: int
    """Number H of heads of queries."""
    groups: int
    """Number G of heads of keys and values."""
    width: int
    """Dimensions d of a query and of a key."""
    value_width: int
    """Dimensions d' of a value."""


def out_weight(attention: Attention) -> Tensor:
    """Return the output projection's weights by head, (H, d', hidden).

    Raises
    ------
    InputError
        As `weights_by_input`.
    """
    what = f"layer {attention.layer}: the attention's output projection"
    rows = attention.heads * attention.value_width
    by_input = weights_by_input(attention.out, rows, what, "dimensions")
    return by_input.reshape(attention.heads, attention.value_width, -1)


def find_attention(model: PreTrainedModel) -> list[Attention]:
    """Find the attention of every decoder layer, in the order of the layers.

    Parameters
    ----------
    model
        A decoder-only model with weights.

    Raises
    ------
    InputError
        If the model's attention cannot be seen, a layer has none or several, the heads do not
        reach one output projection as they are, or attention computed from what is seen gives
        other states than the model's own.
    """
    layers = decoder_layers(model)
    seen: dict[nn.Module, list[Seen]] = {}
    inputs: dict[nn.Module, Tensor] = {}
    with evaluating(model):
        own = _states(model, layers)
        with ExitStack() as hooks:
            hooks.enter_context(
                seeing(model, lambda *call: seen.setdefault(call[0], []).append(call[1]))
            )
            for leaf in (module for module in layers.modules() if not list(module.children())):
                hooks.callback(leaf.register_forward_pre_hook(_keeping(inputs)).remove)
            again = _states(model, layers)
    name = type(model).__name__
    found = [_attention_of(name, index, layer, seen, inputs) for index, layer in enumerate(layers)]
    for layer, (before, after) in enumerate(zip(own, again, strict=True)):
        if not _alike(before, after):
            raise InputError(
                f"{name}: layer {layer}: attention computed from its queries, keys, values, mask "
                "and scale gives other numbers than the model's own"
            )
    return found


@contextmanager
def watching(
    model: PreTrainedModel, attentions: Sequence[Attention], see: Callable[[int, Seen], None]
) -> Iterator[None]:
    """Call ``see`` with each layer's index and tensors in every forward pass inside the block.

    Inside, attention is computed as transformers' own eager implementation does, whatever the
    model was set to.
    """
    layer = {attention.module: attention.layer for attention in attentions}
    with seeing(model, lambda module, seen: see(layer[module], seen)):
        yield


def _attention_of(
    name: str,
    index: int,
    layer: nn.Module,
    seen: dict[nn.Module, list[Seen]],
    inputs: dict[nn.Module, Tensor],
) -> Attention:
    place = f"{name}: layer {index}"
    found = [module for module in layer.modules() if module in seen]
    if len(found) != 1 or len(seen[found[0]]) != 1:
        kinds = [type(module).__name__ for module in found] or "none"
        raise InputError(f"{place}: expected one attention, called once, found {kinds}")
    tensors = seen[found[0]][0]
    H, G, value = tensors.query.shape[1], tensors.key.shape[1], tensors.value
    weights = softmax(tensors.scores(), tensors.bias, tensors.softcap)
    heads = weights @ value.repeat_interleave(H // G, dim=1)  # (B, H, S, d')
    expected = heads.transpose(1, 2).flatten(2)  # (B, S, H · d')
    out = [
        module
        for module in found[0].modules()
        if module in inputs
        and inputs[module].numel() == expected.numel()
        and _alike(expected, inputs[module].reshape(expected.shape))
        and sizes(module)[0] == expected.shape[-1]  # a norm has no such number
    ]
    if len(out) != 1:
        raise InputError(
            f"{place}: expected one projection that reads the heads of {type(found[0]).__name__} "
            f"as they are, found {[type(module).__name__ for module in out] or 'none'}"
        )
    width = tensors.query.shape[-1]
    return Attention(index, found[0], out[0], H, G, width, value.shape[-1])


def _keeping(inputs: dict[nn.Module, Tensor]) -> Callable[[nn.Module, tuple[Any, ...]], None]:
    def keep(module: nn.Module, arguments: tuple[Any, ...]) -> None:
        if arguments and isinstance(arguments[0], Tensor):
            inputs[module] = arguments[0]

    return keep


def _states(model: PreTrainedModel, layers: nn.ModuleList) -> list[Tensor]:
    """Return what each layer gives for the probe's tokens."""
    states: list[Tensor] = []

    def keep(_: nn.Module, __: tuple[Any, ...], output: Any) -> None:
        states.append(output if isinstance(output, Tensor) else output[0])

    hooks = [layer.register_forward_hook(keep) for layer in layers]
    try:
        forward(model)
    finally:
        for hook in hooks:
            hook.remove()
    return states


def _alike(expected: Tensor, found: Tensor) -> bool:
    """Return whether tensors agree but for rounding.

    Kernels round differently, and eager attention computes its softmax in float32 in any dtype.
    """
    tolerance = max(1e-4, torch.finfo(expected.dtype).eps ** 0.5)
    difference = (expected - found.to(expected.device)).abs().max()
    return bool(difference <= tolerance * expected.abs().max())
