"""Integrated gradients of an answer's log probability with respect to a layer's neurons."""

from typing import NamedTuple

import torch
from torch import Tensor

from langneurons.models.endings import Ending


class Attributed(NamedTuple):
    """What the neurons of one layer add to an answer's log probability."""

    neurons: Tensor
    """float64, (D,), nats: of each neuron."""
    change: float
    """Log probability at the activations less that at the baseline: what the neurons sum to, but
    for the error of the steps."""


def integrated_gradients(ending: Ending, baseline: Tensor, steps: int) -> list[Attributed]:
    """Attribute an answer's log probability to the neurons of each layer (METHOD 9).

    One layer at a time: all its activations a at the prompt's last token go from a baseline b to
    their values on a straight line; a neuron gets ``(a_j − b_j) · ∫₀¹ ∂ log P / ∂a_j (b + t(a − b))
    dt``, by the midpoint rule. All else stays as it is: the activations of earlier layers, of the
    layer at other tokens and, of a gated MLP, the up projection that multiplies a.

    Parameters
    ----------
    baseline
        (L, D).
    steps
        Number of points of the midpoint rule.
    """
    way = ending.activations - baseline
    at = (torch.arange(steps, dtype=way.dtype) + 0.5) / steps
    at = torch.cat([torch.zeros(1, dtype=way.dtype), at])  # for the log probability at the baseline
    points = {
        layer: start + at[:, None] * own
        for layer, (start, own) in enumerate(zip(baseline, way, strict=True))
    }
    found = []
    for layer, (values, slopes) in ending.gradients(points).items():
        neurons = way[layer].double() * slopes[1:].double().mean(dim=0)
        found.append(Attributed(neurons, ending.log_probability - float(values[0])))
    return found
