"""Running counts of active neurons, by hooks on the activation functions of a model that runs."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from langneurons.activations.class_counts import CLASSES, PLACES
from langneurons.models.batches import Batch
from langneurons.models.mlps import Mlp


class Counter:
    """Running counts of active neurons on each layer's device.

    All tokens are counted by language and fold, integers (K·F, D) a layer, and tokens of each of
    `PLACES` by language, (K, 11, D).

    Parameters
    ----------
    classes
        Class of each token, int64 (V,), an index into `CLASSES`.
    """

    def __init__(self, mlps: Sequence[Mlp], languages: int, folds: int, classes: np.ndarray):
        self._folds, self._classes = folds, torch.as_tensor(classes)
        width = mlps[0].width
        self._shapes = (languages * folds, width), (languages, len(PLACES), width)
        self._counts: list[tuple[Tensor, Tensor] | None] = [None] * len(mlps)
        self._tokens = torch.zeros(languages, len(PLACES), dtype=torch.int64)

    def begin(self, batch: Batch) -> None:
        """Take the batch that runs through the model next."""
        self._batch = batch
        places = self._places(batch)  # (B, 11, S)
        self._masks = torch.cat([batch.response[:, None], places], dim=1).float()
        self._tokens.index_add_(0, batch.groups.cpu() // self._folds, places.sum(dim=-1).cpu())

    def hook(self, layer: int) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        """Return the forward pre-hook that counts for one MLP's activation function."""

        def count(_: nn.Module, arguments: tuple[Tensor, ...]) -> None:
            batch = self._batch
            device = arguments[0].device
            # Some decoders flatten their rows: (B·S, D).
            pre_activations = arguments[0].reshape(*batch.ids.shape, -1)  # (B, S, D)
            # Ones and zeros add up exactly in float32 up to 2^24 tokens per row, and a product is
            # several times faster than summing booleans.
            active = torch.empty(pre_activations.shape, dtype=torch.float32, device=device)
            torch.gt(pre_activations, 0, out=active)
            by_row = torch.bmm(self._masks.to(device), active).to(torch.int32)  # (B, 1 + 11, D)
            totals, by_class = counts = self._counts[layer] or self._zeros(device)
            self._counts[layer] = counts
            groups = batch.groups.to(device)
            totals.index_add_(0, groups, by_row[:, 0])
            by_class.index_add_(0, groups // self._folds, by_row[:, 1:])

        return count

    def totals(self) -> np.ndarray:
        """Return the counts of all tokens as int64, (K, F, L, D)."""
        found = self._stacked(0)
        return found.reshape(-1, self._folds, *found.shape[1:])

    def by_class(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the counts by `PLACES` as int64, (K, 11, L, D), and their tokens, (K, 11)."""
        return self._stacked(1), self._tokens.numpy()

    def _places(self, batch: Batch) -> Tensor:
        """Return which tokens of a batch are in each of `PLACES`, boolean (B, 11, S)."""
        classes = self._classes.to(batch.ids.device)[batch.ids]  # (B, S)
        # A response is the end of its row: what follows one of its tokens is in it too.
        follows = batch.response.roll(-1, dims=1)
        follows[:, -1] = False
        after = classes.roll(-1, dims=1).masked_fill(~follows, len(CLASSES))
        ones = one_hot(classes, len(CLASSES)), one_hot(after, len(CLASSES) + 1)
        return torch.cat(ones, dim=-1).bool().mT & batch.response[:, None]

    def _zeros(self, device: torch.device) -> tuple[Tensor, Tensor]:
        totals, by_class = (
            torch.zeros(shape, dtype=torch.int32, device=device) for shape in self._shapes
        )
        return totals, by_class

    def _stacked(self, part: int) -> np.ndarray:
        none = self._zeros(torch.device("cpu"))
        layers = [(counts or none)[part].cpu() for counts in self._counts]
        return torch.stack(layers, dim=-2).numpy().astype(np.int64)
