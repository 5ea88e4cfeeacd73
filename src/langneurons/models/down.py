"""What each neuron writes to the residual stream: the weights of the down projections."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from langneurons.errors import InputError
from langneurons.models.mlps import Mlp
from langneurons.models.projections import weights_by_input


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
        As `weights_by_input`.
    """
    what = f"layer {mlp.layer}: the down projection"
    return weights_by_input(mlp.down, mlp.width, what, "neurons").T


def _down_norms(mlp: Mlp) -> np.ndarray:
    weights = down_weights(mlp)
    dtype = torch.promote_types(weights.dtype, torch.float32)
    norms = torch.linalg.vector_norm(weights, dim=0, dtype=dtype).float()
    if not norms.isfinite().all():
        raise InputError(f"layer {mlp.layer}: the down projection has weights that are not finite")
    return norms.cpu().numpy()
