"""Change the weights of chosen neurons of the MLPs, and of nothing else.

A neuron's weights are its row of the gate (or of a plain MLP's first projection), its row of the up
projection where there is one, and its column of the down projection. Biases are left as they are.
Changes are small parameters beside the model, as large as the neurons' own weights, so that
training them keeps no gradients of whole projections.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from langneurons.models.down import down_weights
from langneurons.models.mlps import Mlp, sizes
from langneurons.models.projections import weights_by_input
from langneurons.models.up_projections import Part, find_gates, find_ups


@dataclass(frozen=True)
class NeuronWeights:
    """Where the weights of the neurons of one MLP are."""

    mlp: Mlp
    into: Sequence[Part]
    """The gate and, of a gated MLP, the up projection."""


def find_neuron_weights(model: PreTrainedModel, mlps: Sequence[Mlp]) -> list[NeuronWeights]:
    """Find the weights of the neurons of every MLP; see `find_gates` and `find_ups` for the errors.

    Parameters
    ----------
    model
        A decoder-only model with weights.
    mlps
        Its MLPs from `find_mlps`.
    """
    found = zip(mlps, find_gates(model, mlps), find_ups(model, mlps), strict=True)
    return [NeuronWeights(mlp, [gate] if up is None else [gate, up]) for mlp, gate, up in found]


class NeuronChanges:
    """Changes of the weights of some neurons, 0 at first.

    Parameters
    ----------
    weights
        From `find_neuron_weights`.
    neurons
        Boolean, (L, D): those that are changed.

    Attributes
    ----------
    parameters : list of torch.nn.Parameter
        The changes, in float32 or, of a model in float64, in that; to be trained.

    Raises
    ------
    InputError
        As `weights_by_input`.
    """

    def __init__(self, weights: Sequence[NeuronWeights], neurons: np.ndarray) -> None:
        self.parameters: list[nn.Parameter] = []
        self._into: list[_Change] = []
        self._down: list[_Change] = []
        for one, row in zip(weights, neurons, strict=True):
            if not row.any():
                continue
            index = torch.from_numpy(np.flatnonzero(row))
            for part in one.into:
                what = f"layer {one.mlp.layer}: a projection into the MLP"
                inputs = sizes(part.module)[0] or 0
                rows = weights_by_input(part.module, inputs, what, "states").T  # (outputs, inputs)
                self._into.append(self._change(part.module, rows, index + part.columns.start))
            columns = down_weights(one.mlp).T  # (D, hidden)
            self._down.append(self._change(one.mlp.down, columns, index))

    def _change(self, module: nn.Module, weights: Tensor, index: Tensor) -> "_Change":
        index = index.to(weights.device)
        own = weights[index]
        change = nn.Parameter(torch.zeros_like(own, dtype=_precise(own.dtype)))
        self.parameters.append(change)
        return _Change(module, weights, index, own, change)

    @contextmanager
    def added(self) -> Iterator[None]:
        """Let the model compute with the changes in every forward pass inside the block.

        Gradients reach the changes; the weights themselves stay as they are.
        """
        with ExitStack() as hooks:
            for one in self._into:
                hooks.callback(one.module.register_forward_hook(_add_rows(one)).remove)
            for one in self._down:
                hooks.callback(one.module.register_forward_hook(_add_columns(one)).remove)
            yield

    @contextmanager
    def merged(self) -> Iterator[None]:
        """Let the model have the changed weights inside the block, in its own dtype.

        At its end the weights of the neurons are what they were, to the last bit.
        """
        changes = [*self._into, *self._down]
        try:
            for one in changes:
                changed = one.own.to(one.change.dtype) + one.change.detach()
                one.weights[one.index] = changed.to(one.weights.dtype)
            yield
        finally:
            for one in changes:
                one.weights[one.index] = one.own


@dataclass(frozen=True)
class _Change:
    """Changes of n vectors of weights of a projection."""

    module: nn.Module
    weights: Tensor
    """(vectors, numbers in each): shares memory with the projection's own."""
    index: Tensor
    """int64, (n,): which vectors."""
    own: Tensor
    """(n, numbers): what they were."""
    change: nn.Parameter
    """(n, numbers)."""


def _add_rows(one: _Change) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
    """Return a hook on a projection whose outputs are neurons."""

    def hook(_: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> Tensor:
        more = arguments[0] @ one.change.to(output.dtype).T  # (…, n)
        return output.index_add(-1, one.index, more)

    return hook


def _add_columns(one: _Change) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
    """Return a hook on a projection whose inputs are neurons."""

    def hook(_: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> Tensor:
        return output + arguments[0][..., one.index] @ one.change.to(output.dtype)

    return hook


def _precise(dtype: torch.dtype) -> torch.dtype:
    return torch.promote_types(dtype, torch.float32)
