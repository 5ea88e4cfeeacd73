"""Neurons of several facts suppressed or enhanced side by side, at a prompt's last token."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from langneurons.knowledge.schemas import ENHANCE
from langneurons.models.endings import Change, Ending

#: By what an enhanced activation is multiplied.
FACTOR = 2.0


@dataclass(frozen=True)
class FactEdit:
    """Some neurons that are suppressed, set to their baseline, or enhanced, doubled."""

    operation: str
    """One of `EDITS`."""
    neurons: np.ndarray
    """int64, (n, 2): layer and neuron, each pair at most once."""
    baseline: Tensor
    """(n,): the value to which each is set where it is suppressed."""


def fact_edit(operation: str, neurons: np.ndarray, baseline: Tensor) -> FactEdit:
    """Return the edit of some neurons, int64 (n, 2), by a fact's baseline, (L, D)."""
    layers, places = torch.from_numpy(neurons).T
    return FactEdit(operation, neurons, baseline[layers, places])


def under_edits(ending: Ending, edits: Sequence[FactEdit], batch_tokens: int) -> np.ndarray:
    """Return an answer's log probability under each of some edits, float64 (N,), in nats."""
    at_once = max(1, batch_tokens // ending.tokens)
    parts = [edits[start : start + at_once] for start in range(0, len(edits), at_once)]
    return np.concatenate([ending.changed(len(part), changes_of(part)).numpy() for part in parts])


def changes_of(edits: Sequence[FactEdit]) -> dict[int, Change]:
    """Return what happens in each layer when every edit has a row of its own.

    Returns
    -------
    dict
        Layer → change of its activations (N, D), of N edits in their order.
    """
    rows = torch.cat([torch.full((len(edit.neurons),), row) for row, edit in enumerate(edits)])
    places = torch.from_numpy(np.concatenate([edit.neurons for edit in edits]))
    values = torch.cat([edit.baseline for edit in edits])
    doubled = torch.tensor([edit.operation == ENHANCE for edit in edits])[rows]
    found = {}
    for layer in places[:, 0].unique().tolist():
        here = places[:, 0] == layer
        found[layer] = _change(rows[here], places[here, 1], values[here], doubled[here])
    return found


def _change(rows: Tensor, neurons: Tensor, values: Tensor, doubled: Tensor) -> Change:
    def change(own: Tensor) -> Tensor:
        at = tuple(one.to(own.device) for one in (rows, neurons))
        now = own[at]
        changed = torch.where(doubled.to(own.device), FACTOR * now, values.to(now))
        return own.index_put(at, changed)

    return change


def random_neurons(neurons: np.ndarray, width: int, generator: np.random.Generator) -> np.ndarray:
    """Draw as many other neurons of the same layers.

    Parameters
    ----------
    neurons
        int64, (n, 2): layer and neuron.
    width
        Number D of neurons in a layer.

    Returns
    -------
    numpy.ndarray
        int64, (n, 2), by layer; none of the given ones, unless a layer has too few others.
    """
    drawn = []
    for layer in np.unique(neurons[:, 0]):
        own = neurons[neurons[:, 0] == layer, 1]
        others = np.setdiff1d(np.arange(width), own)
        order = np.concatenate([generator.permutation(others), generator.permutation(own)])
        drawn.append(np.stack([np.full(len(own), layer), order[: len(own)]], axis=1))
    return np.concatenate(drawn)
