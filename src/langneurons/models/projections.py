"""The weights of a projection by its inputs, however its class stores them."""

from torch import Tensor, nn

from langneurons.errors import InputError


def weights_by_input(projection: nn.Module, inputs: int, what: str, unit: str) -> Tensor:
    """Return the weights of a projection, (inputs, outputs), without gradients.

    Parameters
    ----------
    inputs
        How many numbers it reads.
    what, unit
        The projection, and what its inputs are, for the message.

    Raises
    ------
    InputError
        If it has no weights that can be read as a vector for each input (packed by quantisation,
        or not in memory).
    """
    weight = getattr(projection, "weight", None)
    axis = 0 if hasattr(projection, "nx") else 1  # GPT-2's Conv1D has inputs in rows
    if (
        not isinstance(weight, Tensor)
        or weight.is_meta
        or not weight.is_floating_point()
        or weight.ndim != 2
        or weight.shape[axis] != inputs
    ):
        found = "no weights"
        if isinstance(weight, Tensor):
            found = f"weights of shape {tuple(weight.shape)} and type {weight.dtype}"
            found += " that are not in memory" if weight.is_meta else ""
        raise InputError(
            f"{what} ({type(projection).__name__}) has {found}, "
            f"expected a vector of floating-point numbers for each of {inputs} {unit}"
        )
    return weight.detach().T if axis else weight.detach()
