"""What each neuron writes to the residual stream: the weights of the down projections."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from langneurons.errors import InputError
from langneurons.models.mlps import Mlp


def down_norms(mlps: Sequence[Mlp]) -> np.ndarray:
    """Return the norm of what each neuron writes to the residual stream, ‖W_down[:, j]‖₂.

    Parameters
    ----------
    mlps
        The MLPs of a model with weights, from `find_mlps`.

    Returns
    -------
    numpy.ndarray
        float32, (L, D).

    Raises
    ------
    InputError
        As `down_weights`, or if weights are not finite.
    """
    return np.stack([_down_norms(mlp) for mlp in mlps])


def down_weights(mlp: Mlp) -> Tensor:
    """Return the weights of a down projection, (hidden, D), without gradients.

    Raises
    ------
    InputError
        If it has no weights that can be read as a vector for each neuron (packed by quantisation,
        or not in memory).
    """
    weight = getattr(mlp.down, "weight", None)
    neurons = 0 if hasattr(mlp.down, "nx") else 1  # GPT-2's Conv1D has inputs in rows
    if (
        not isinstance(weight, Tensor)
        or weight.is_meta
        or not weight.is_floating_point()
        or weight.ndim != 2
        or weight.shape[neurons] != mlp.width
    ):
        found = "no weights"
        if isinstance(weight, Tensor):
            found = f"weights of shape {tuple(weight.shape)} and type {weight.dtype}"
            found += " that are not in memory" if weight.is_meta else ""
        raise InputError(
            f"layer {mlp.layer}: the down projection ({type(mlp.down).__name__}) has {found}, "
            f"expected a vector of floating-point numbers for each of {mlp.width} neurons"
        )
    return weight.detach() if neurons else weight.detach().T


def _down_norms(mlp: Mlp) -> np.ndarray:
    weights = down_weights(mlp)
    dtype = torch.promote_types(weights.dtype, torch.float32)
    norms = torch.linalg.vector_norm(weights, dim=0, dtype=dtype).float()
    if not norms.isfinite().all():
        raise InputError(f"layer {mlp.layer}: the down projection has weights that are not finite")
    return norms.cpu().numpy()
