"""Bins of each neuron's activations, and the numbers of tokens in them."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from langneurons.errors import InputError

BINS = 400
#: Halves of the texts, by fold, whose histograms are kept apart.
HALVES = 2
_AT_A_TIME = 1 << 22  # activations that are sorted into bins at once


class Ranges:
    """The range of each neuron's bins: its smallest and largest activation in a sample."""

    def __init__(self, layers: int, width: int) -> None:
        self._low = torch.full((layers, width), torch.inf)
        self._high = torch.full((layers, width), -torch.inf)

    def see(self, layer: int, values: Tensor, _: Tensor) -> None:
        """Take in activations of a layer, (n, D)."""
        low, high = (extreme.cpu() for extreme in values.aminmax(dim=0))
        self._low[layer] = torch.minimum(self._low[layer], low)
        self._high[layer] = torch.maximum(self._high[layer], high)

    def bounds(self, layer: int) -> tuple[Tensor, Tensor]:
        """Return low and high of a layer's neurons, (D,) each.

        A neuron with one value in the sample gets the median width of its layer: it may be silent
        there and not elsewhere.
        """
        low, high = self._low[layer], self._high[layer]
        width = high - low
        usual = width[width > 0].median() if (width > 0).any() else torch.tensor(1.0)
        return low, torch.where(width > 0, high, low + usual)


class Histograms:
    """Running histograms of some layers, int32 (K · 2, D, `BINS`) each, a half of the folds each.

    Values outside the range of a neuron's bins are counted in the first or last one, and in
    ``outside``, by language.
    """

    def __init__(self, layers: Sequence[int], ranges: Ranges, languages: int, width: int) -> None:
        self._bounds = {layer: ranges.bounds(layer) for layer in layers}
        shape = (languages * HALVES, width)
        self._counts = {layer: torch.zeros(*shape, BINS, dtype=torch.int32) for layer in layers}
        self.sums = {layer: torch.zeros(shape, dtype=torch.float64) for layer in layers}
        self.outside = torch.zeros(languages, dtype=torch.int64)

    def see(self, layer: int, values: Tensor, groups: Tensor) -> None:
        """Take in activations of a layer, (n, D), of tokens in groups, (n,)."""
        rows = max(1, _AT_A_TIME // values.shape[1])
        for some, of in zip(values.cpu().split(rows), groups.cpu().split(rows), strict=True):
            self._count(layer, some, of)

    def _count(self, layer: int, values: Tensor, groups: Tensor) -> None:
        low, high = self._bounds[layer]
        counts = self._counts[layer]
        D = values.shape[1]
        place = ((values - low) * (BINS / (high - low))).floor_().clamp_(0, BINS - 1).long()
        place += (groups[:, None] * D + torch.arange(D)) * BINS
        ones = torch.ones(1, dtype=torch.int32).expand(place.numel())
        counts.view(-1).scatter_add_(0, place.view(-1), ones)
        self.sums[layer].index_add_(0, groups, values.double())
        outside = ((values < low) | (values > high)).sum(dim=1)
        self.outside.index_add_(0, groups // HALVES, outside)

    def halves(self, layer: int) -> np.ndarray:
        """Return the histograms of a layer, (2, K, D, BINS)."""
        counts = self._counts[layer].numpy()
        return counts.reshape(-1, HALVES, *counts.shape[1:]).swapaxes(0, 1)


def blocks_of(layers: int, width: int, languages: int, memory: int) -> list[range]:
    """Return the layers whose histograms are in memory together, block by block.

    Parameters
    ----------
    memory
        MB, of a million bytes, that the histograms may take.

    Raises
    ------
    InputError
        If those of one layer take more.
    """
    one = languages * HALVES * width * BINS * 4 / 1e6  # MB
    fitting = int(memory // one)
    if not fitting:
        raise InputError(
            f"collection.histogram_memory: found {memory}, expected at least {int(one) + 1} (MB) "
            f"for one layer of {width} neurons in {languages} languages"
        )
    return [range(start, min(start + fitting, layers)) for start in range(0, layers, fitting)]
