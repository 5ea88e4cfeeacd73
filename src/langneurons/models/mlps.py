"""Find the MLPs of a decoder by their structure, whatever the architecture is called.

A neuron is one unit between the projections of an MLP (METHOD 1). In every decoder layer exactly
one module applies the activation function, and its input is the neurons' pre-activation: the gate
of a gated MLP (Llama), the gate half of a fused one (Phi-3), or the output of the first projection
of a plain one (BLOOM, OPT). In every architecture, a forward pre-hook on that module sees every
pre-activation, and a forward hook can replace every activation. Models that cannot be verified to
look like this are refused by name.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from langneurons.errors import InputError
from langneurons.models.probing import (
    PROBE_SHAPE,
    Call,
    decoder_layers,
    decoder_of,
    evaluating,
    forward,
    input_device,
    is_activation,
    is_meta,
    probe,
)


@dataclass(frozen=True)
class Mlp:
    """The MLP of one decoder layer."""

    layer: int
    """Index of the layer, from 0."""
    activation: nn.Module
    """Maps the pre-activations of all neurons, (…, D), to their activations, (…, D)."""
    down: nn.Module
    """The projection from the D neurons back to the residual stream."""
    width: int
    """Number D of neurons."""
    gated: bool
    """Whether the activation is multiplied by a second projection before ``down``."""


def find_mlps(model: PreTrainedModel) -> list[Mlp]:
    """Find the MLP of every decoder layer, in the order of the layers.

    The structure is read from a forward pass over six tokens, which also works for a model on the
    meta device. With weights, it is also verified that an activation of zero reaches the down
    projection as zero.

    Returns
    -------
    list of Mlp
        One per layer, all of the same width D; the activation modules are distinct objects.

    Raises
    ------
    InputError
        If a layer has no activation function module of its own or several (as in a mixture
        of experts), widths differ, activations do not have the sign of their pre-activations, or
        the structure is otherwise not that of an MLP.

    Notes
    -----
    "Active" is read off the sign of the pre-activation (METHOD 1), so ``act(x) > 0`` must hold
    exactly where ``x > 0``: true of the SiLU, GELU and ReLU families, not of sigmoid or softplus.
    """
    layers = decoder_layers(model)
    for index, layer in enumerate(layers):
        _refuse_experts(model, index, layer)
    with evaluating(model):
        calls = probe(model, layers)
        mlps = [_mlp_of(model, index, layer, calls) for index, layer in enumerate(layers)]
        _check_alike(model, mlps)
        if not is_meta(model):
            _check_feeds_down(model, mlps)
    return mlps


def check_causal(model: PreTrainedModel) -> None:
    """Verify that no token sees a later one.

    With weights, the last token of a sequence is changed, and the states of the earlier ones must
    stay the same; on the meta device, only the attention modules' own flags can be checked.

    Raises
    ------
    InputError
        If the model is an encoder (BERT, say), even where transformers loads it as a decoder.
    """
    problem = f"{type(model).__name__}: attends to later tokens, so it is not a decoder-only model"
    for name, module in decoder_layers(model).named_modules():
        if getattr(module, "is_causal", None) is False:
            raise InputError(f"{problem} ({type(module).__name__} in layer {name})")
    if is_meta(model):
        return
    ids = torch.arange(6, device=input_device(model))[None]
    changed = ids.clone()
    changed[0, -1] = 0
    with evaluating(model), torch.no_grad():
        before, after = (
            decoder_of(model)(input_ids=tokens, use_cache=False)[0][0, :-1].float()
            for tokens in (ids, changed)
        )  # (5, hidden) each
    # A kernel may round the same row differently, but by no more than the dtype's precision.
    tolerance = max(1e-5, torch.finfo(model.dtype).eps) * before.abs().max().item()
    if not torch.allclose(before, after, rtol=0, atol=tolerance, equal_nan=True):
        raise InputError(problem)


def _refuse_experts(model: PreTrainedModel, index: int, layer: nn.Module) -> None:
    for name, module in layer.named_modules():
        kind = type(module).__name__
        if "expert" in kind.lower() or "moe" in kind.lower():
            raise InputError(
                f"{type(model).__name__}: layer {index} is a mixture of experts "
                f"({f'{name}: {kind}' if name else kind}); expected one MLP for all tokens"
            )


def _mlp_of(
    model: PreTrainedModel,
    index: int,
    layer: nn.Module,
    calls: dict[nn.Module, list[Call]],
) -> Mlp:
    place = f"{type(model).__name__}: layer {index}"
    modules = dict(layer.named_modules())
    found = [name for name, module in modules.items() if is_activation(module, calls.get(module))]
    if len(found) != 1:
        kinds = [f"{name}: {type(modules[name]).__name__}" for name in found] or "none"
        raise InputError(f"{place}: expected one activation function module, found {kinds}")
    name = found[0]
    activation = modules[name]
    place += f" ({name}: {type(activation).__name__})"
    if len(calls[activation]) != 1:
        raise InputError(
            f"{place}: the activation function is shared or repeated, called "
            f"{len(calls[activation])} times in a forward pass; expected one call a layer"
        )
    shape = calls[activation][0].shape
    width = shape[-1]
    tokens = PROBE_SHAPE[0] * PROBE_SHAPE[1]
    if torch.Size(shape).numel() != tokens * width:
        raise InputError(
            f"{place}: the activation function saw a tensor of shape {shape}; expected "
            f"one row for each of the {tokens} tokens"
        )
    _check_sign(place, activation)
    down = _nearest(name, modules, lambda module: sizes(module)[0] == width)
    if len(down) != 1 or len(calls.get(down[0], ())) != 1:
        raise InputError(
            f"{place}: expected one down projection with {width} inputs, "
            f"found {[type(module).__name__ for module in down] or 'none'} in use"
        )
    into = _nearest(
        name,
        modules,
        lambda module: module is not down[0] and sizes(module)[1] in (width, 2 * width),
    )
    gated = sum(sizes(module)[1] or 0 for module in into) >= 2 * width
    return Mlp(index, activation, down[0], width, gated)


def _check_sign(place: str, activation: nn.Module) -> None:
    parameters = list(activation.parameters())
    if any(parameter.is_meta for parameter in parameters):
        return  # learnt; its sign is checked once the weights are loaded
    positive = torch.logspace(-4, 2, 601, device=parameters[0].device if parameters else "cpu")
    numbers = torch.cat([-positive, torch.zeros_like(positive[:1]), positive])
    with torch.no_grad():
        wrong = (activation(numbers) > 0) != (numbers > 0)
    if wrong.any():
        example = numbers[wrong][0]
        with torch.no_grad():
            value = activation(example[None]).item()
        raise InputError(
            f"{place}: the activation function does not keep the sign of its input "
            f"(it maps {example.item():.3g} to {value:.3g}), so that the sign of a "
            "pre-activation does not tell active neurons; expected one like SiLU, GELU or ReLU"
        )


def _check_alike(model: PreTrainedModel, mlps: list[Mlp]) -> None:
    widths = sorted({mlp.width for mlp in mlps})
    if len(widths) != 1:
        raise InputError(
            f"{type(model).__name__}: layers have different numbers of neurons: {widths}"
        )
    for attribute in ("activation", "down"):
        if len({id(getattr(mlp, attribute)) for mlp in mlps}) != len(mlps):
            raise InputError(f"{type(model).__name__}: layers share one {attribute} module")


def _check_feeds_down(model: PreTrainedModel, mlps: list[Mlp]) -> None:
    """Verify that zeroing every activation zeroes the input of every down projection."""
    reached: dict[int, bool] = {}

    def watch(layer: int) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def see(_: nn.Module, arguments: tuple[Tensor, ...]) -> None:
            # Another check reports non-finite weights: NaN from 0 × inf is no sign of other inputs.
            reached[layer] = bool(arguments[0].nan_to_num(nan=0.0).any())

        return see

    hooks = []
    try:
        for mlp in mlps:
            hooks += [
                mlp.activation.register_forward_hook(lambda _, __, output: output * 0),
                mlp.down.register_forward_pre_hook(watch(mlp.layer)),
            ]
        forward(model)
    finally:
        for hook in hooks:
            hook.remove()
    for layer, other_path in reached.items():
        if other_path:
            raise InputError(
                f"{type(model).__name__}: layer {layer}: the down projection has "
                "other inputs than the activations"
            )


def _nearest(
    name: str, modules: dict[str, nn.Module], wanted: Callable[[nn.Module], bool]
) -> list[nn.Module]:
    """Return the wanted modules in the innermost module around ``name`` that contains any."""
    while name:
        name = name.rpartition(".")[0]
        found = [module for module in modules[name].modules() if wanted(module)]
        if found:
            return found
    return []


def sizes(module: nn.Module) -> tuple[int | None, int | None]:
    """Return the inputs and outputs of a projection, None for those that another module lacks.

    GPT-2's Conv1D calls them nx and nf.
    """
    inputs = getattr(module, "in_features", getattr(module, "nx", None))
    outputs = getattr(module, "out_features", getattr(module, "nf", None))
    return inputs, outputs
