"""How what an MLP writes reaches the logits directly, with every norm held at its scale (METHOD 9).

An MLP's output is added to the residual stream, in some models after a norm of its own (Gemma 2
and 3, OLMo 2) or times a number (Granite); the last state is a norm of that stream, and a logit is
its product with a row of the output embeddings. Of what a neuron writes, v, the norms make
``gain ⊙ v · scale`` (LayerNorm: of v less its mean), where the scale is that of the whole stream,
or of the whole output. Held at its value at a position, the path is linear, and its parts add up.
Not in it are the paths through later layers, biases, and a cap or scale of the logits.

The norms and what is added are found by probing, whatever the architecture is called.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from langneurons.errors import InputError
from langneurons.models.head import Head
from langneurons.models.mlps import Mlp
from langneurons.models.probing import (
    PROBE_SHAPE,
    decoder_layers,
    decoder_of,
    evaluating,
    input_device,
)

#: Large against the epsilon of any norm, and its square within float32.
_LARGE = 1e3
#: Rows of the vocabulary's logits at a time.
_PIECE = 16


@dataclass(frozen=True, eq=False)
class Norm:
    """A norm over the last axis: gain ⊙ (x, less its mean if centred) · scale + bias."""

    module: nn.Module
    gain: Tensor
    bias: Tensor
    centred: bool

    def pulled_back(self, directions: Tensor, inputs: Tensor, outputs: Tensor) -> Tensor:
        """Return the directions before the norm that directions after it are, its scale held.

        Parameters
        ----------
        directions
            (n, hidden), after the norm.
        inputs, outputs
            (n, hidden): what the norm read and wrote at these places.
        """
        gain, bias = (part.to(directions.device) for part in (self.gain, self.bias))
        inputs, outputs = inputs.to(directions), outputs.to(directions)
        spread = gain * self._centre(inputs)
        scale = (spread * (outputs - bias)).sum(-1) / spread.square().sum(-1)
        return scale[:, None] * self._centre(gain * directions)

    def _centre(self, numbers: Tensor) -> Tensor:
        return numbers - numbers.mean(dim=-1, keepdim=True) if self.centred else numbers


@dataclass(frozen=True)
class Readout:
    """The direct path from each MLP to the logits.

    Attributes
    ----------
    final
        The norm before the head, if there is one.
    after
        Of each MLP, the norm of its output before it is added, if there is one.
    factors
        Of each MLP, what its output is multiplied by where it is added.
    """

    final: Norm | None
    after: Sequence[Norm | None]
    factors: Sequence[float]
    _embeddings: Tensor

    def likeliest(self, states: Tensor) -> Tensor:
        """Return the token with the highest logit after each last state, int64 (n,)."""
        states = states.to(self._embeddings)
        pieces = [(piece @ self._embeddings.T).argmax(-1) for piece in states.split(_PIECE)]
        return torch.cat(pieces)

    def directions(self, tokens: Tensor) -> Tensor:
        """Return the rows of the output embeddings, (n, hidden), in at least float32."""
        return _precise(self._embeddings[tokens.to(self._embeddings.device)])


def find_readout(model: PreTrainedModel, mlps: Sequence[Mlp]) -> Readout:
    """Find the direct path from each MLP of a model to its logits.

    Parameters
    ----------
    model
        A decoder-only model with weights.
    mlps
        Its MLPs, from `find_mlps`.

    Raises
    ------
    InputError
        If an MLP's output is not simply added to the residual stream, if there is more than a norm
        between the last layer and the head, or if the output embeddings are no plain weights.
    """
    Head(model)  # the logits are those of the embeddings and the last states
    embeddings = model.get_output_embeddings().weight
    if embeddings.is_meta or not embeddings.is_floating_point():
        raise InputError(
            f"{type(model).__name__}: the output embeddings have weights of type "
            f"{embeddings.dtype}{' that are not in memory' if embeddings.is_meta else ''}, "
            "expected floating-point numbers"
        )
    with evaluating(model), torch.no_grad():
        calls = _Calls(model, mlps)
        after = [_norm_after(model, mlp, calls) for mlp in mlps]
        factors = [
            _factor(model, layer, mlp if norm is None else norm, calls)
            for layer, (mlp, norm) in enumerate(zip(mlps, after, strict=True))
        ]
        return Readout(_final(model, calls), after, factors, embeddings.detach())


class _Calls:
    """What a pass over a few tokens showed: outputs of layers, and who read the MLPs' outputs."""

    def __init__(self, model: PreTrainedModel, mlps: Sequence[Mlp]) -> None:
        layers = decoder_layers(model)
        inside = set(layers.modules())
        leaves = [module for module in decoder_of(model).modules() if not list(module.children())]
        self.layers: dict[int, Tensor] = {}
        self.outside: list[tuple[nn.Module, Tensor, Tensor]] = []
        self.readers: dict[int, list[nn.Module]] = {index: [] for index in range(len(mlps))}
        written: dict[int, Tensor] = {}

        def see(module: nn.Module, arguments: tuple[Any, ...], output: Any) -> None:
            if not (arguments and isinstance(arguments[0], Tensor) and isinstance(output, Tensor)):
                return
            if module not in inside:
                self.outside.append((module, arguments[0], output))
            for index, tensor in written.items():
                if tensor.data_ptr() == arguments[0].data_ptr():
                    self.readers[index].append(module)

        hooks: dict[nn.Module, list[Callable[..., Any]]] = {leaf: [see] for leaf in leaves}
        for index, (layer, mlp) in enumerate(zip(layers, mlps, strict=True)):
            hooks[mlp.down].append(_into(written, index))
            hooks.setdefault(layer, []).append(_into(self.layers, index))
        self.last = _forward(model, hooks)


def _into(found: dict[int, Tensor], index: int) -> Callable[..., None]:
    def note(_: nn.Module, __: Any, output: Any) -> None:
        found[index] = output[0] if isinstance(output, tuple) else output

    return note


def _forward(
    model: PreTrainedModel, hooks: Mapping[nn.Module, Sequence[Callable[..., Any]]]
) -> Tensor:
    """Run the probe's tokens with hooks, and return the last states."""
    ids = torch.arange(PROBE_SHAPE[0] * PROBE_SHAPE[1], device=input_device(model))
    with _hooked(hooks):
        return decoder_of(model)(input_ids=ids.view(PROBE_SHAPE), use_cache=False)[0]


@contextmanager
def _hooked(hooks: Mapping[nn.Module, Sequence[Callable[..., Any]]]) -> Iterator[None]:
    handles = [
        module.register_forward_hook(hook) for module, some in hooks.items() for hook in some
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _norm_after(model: PreTrainedModel, mlp: Mlp, calls: _Calls) -> Norm | None:
    """Return the norm of an MLP's output, if there is one."""
    found = [norm_of(module, calls.layers[mlp.layer]) for module in calls.readers[mlp.layer]]
    norms = [norm for norm in found if norm is not None]
    if len(norms) > 1:
        raise InputError(
            f"{type(model).__name__}: layer {mlp.layer}: several norms read the output of the MLP"
        )
    return norms[0] if norms else None


def _factor(model: PreTrainedModel, index: int, last: Mlp | Norm, calls: _Calls) -> float:
    """Return what an MLP's output is multiplied by where it is added to the residual stream."""
    whole = calls.layers[index]
    changed: dict[int, Tensor] = {}
    # As large as the stream, so that rounding does not matter.
    nudge = _waves(whole.shape, whole) * whole.abs().max()
    module = last.down if isinstance(last, Mlp) else last.module

    def add(_: nn.Module, __: Any, output: Tensor) -> Tensor:
        return output + nudge.reshape(output.shape)

    _forward(model, {module: [add], decoder_layers(model)[index]: [_into(changed, index)]})
    difference, nudge = _precise(changed[index]) - _precise(whole), _precise(nudge)
    factor = float((difference * nudge).sum() / nudge.square().sum())
    tolerance = max(1e-3, 16 * torch.finfo(whole.dtype).eps) * nudge.abs().max()
    # False where numbers are not finite.
    if not ((difference - factor * nudge).abs() <= tolerance).all():
        raise InputError(
            f"{type(model).__name__}: layer {index}: what the MLP writes is not only added to the "
            "residual stream"
        )
    return factor


def _final(model: PreTrainedModel, calls: _Calls) -> Norm | None:
    """Return the norm between the last layer and the head, if there is one."""
    stream = calls.layers[len(calls.layers) - 1]
    if torch.equal(stream, calls.last):
        return None
    for module, read, written in calls.outside:
        if written.shape == calls.last.shape == read.shape:
            same = torch.equal(written, calls.last) and torch.equal(read, stream)
            norm = norm_of(module, stream) if same else None
            if norm is not None:
                return norm
    raise InputError(
        f"{type(model).__name__}: between the last layer and the head is something else than a norm"
    )


def norm_of(module: nn.Module, like: Tensor) -> Norm | None:
    """Return a module as a norm; None if it is none.

    Parameters
    ----------
    like
        A tensor of the kind that the module reads, (…, hidden).
    """
    width = like.shape[-1]
    # No zeros, and a mean of 0: what it is less its mean is itself.
    probe = torch.ones(width, dtype=like.dtype, device=like.device)
    probe[1::2] = -1
    if width % 2:
        probe[-3:] = torch.tensor([1.0, 1.0, -2.0]).to(probe)
    try:
        with torch.no_grad():
            numbers = [probe * 0, probe * 0 + 1, _LARGE * probe, 2 * _LARGE * probe]
            waves = _LARGE * (0.5 + _waves((1, width), like))  # with a mean
            bias, flat, once, twice = _precise(module(torch.stack(numbers)[:, None])[:, 0])
            found = _precise(module(waves[None])[0])
    except (RuntimeError, TypeError, IndexError, AttributeError):
        return None  # it reads something else
    if bias.shape != probe.shape or not torch.allclose(once, twice, rtol=1e-2, atol=1e-4):
        return None
    size = _precise(probe).square().mean().sqrt()
    gain = (once - bias) * size / _precise(probe)
    norm = Norm(module, gain, bias, centred=torch.allclose(flat, bias, rtol=1e-2, atol=1e-4))
    spread = gain * norm._centre(_precise(waves))
    scale = (spread * (found - bias)).sum() / spread.square().sum()
    alike = torch.allclose(found, spread * scale + bias, rtol=2e-2, atol=1e-2 * float(size))
    return norm if alike and bool(scale.isfinite()) else None


def _waves(shape: Sequence[int], like: Tensor) -> Tensor:
    """Return numbers between −1 and 1 that follow no axis, the same each time."""
    places = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    return torch.sin(places.square() + places).reshape(shape).to(like.device, like.dtype)


def _precise(numbers: Tensor) -> Tensor:
    return numbers.to(torch.promote_types(numbers.dtype, torch.float32))
