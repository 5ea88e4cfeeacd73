"""Running counts of active neurons, by hooks on the activation functions of a model that runs."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from langneurons.models.batches import Batch
from langneurons.models.mlps import Mlp


class Counter:
    """Running counts of active neurons, one tensor (groups, D) per layer, on the layer's device."""

    batch: Batch
    """The batch that runs through the model; set before each."""

    def __init__(self, mlps: Sequence[Mlp], groups: int) -> None:
        self._shape = (groups, mlps[0].width)
        self._counts: list[Tensor | None] = [None] * len(mlps)

    def hook(self, position: int) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        """Return the forward pre-hook that counts for one MLP's activation function."""

        def count(_: nn.Module, arguments: tuple[Tensor, ...]) -> None:
            batch = self.batch
            device = arguments[0].device
            # Some decoders flatten their rows: (B·S, D).
            pre_activations = arguments[0].reshape(*batch.ids.shape, -1)  # (B, S, D)
            # Ones and zeros add up exactly in float32 up to 2^24 tokens per row, and a product is
            # several times faster than summing booleans.
            active = torch.empty(pre_activations.shape, dtype=torch.float32, device=device)
            torch.gt(pre_activations, 0, out=active)
            response = batch.response[:, None].to(device, torch.float32)  # (B, 1, S)
            by_row = torch.bmm(response, active)[:, 0]  # (B, D)
            counts = self._counts[position]
            if counts is None:
                counts = torch.zeros(self._shape, dtype=torch.int32, device=device)
                self._counts[position] = counts
            counts.index_add_(0, batch.groups.to(device), by_row.to(torch.int32))

        return count

    def result(self) -> np.ndarray:
        """Return the counts as int64, (groups, L, D)."""
        none = torch.zeros(self._shape, dtype=torch.int32)
        layers = [none if counts is None else counts.cpu() for counts in self._counts]
        return torch.stack(layers, dim=1).numpy().astype(np.int64)
