"""What a job that runs out of memory says: which memory it was, and which key to lower."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from langneurons.errors import InputError

#: What helps where nothing is left to lower.
SMALLER_MODEL = "a smaller dtype or device_map: auto may help"
# What other errors than MemoryError and torch's own say: those of the CPU's allocators, of Apple's
# GPUs and of CUDA's libraries.
_SAID = ("out of memory", "allocate memory", "not enough memory", "bad_alloc", "alloc_failed")


@contextmanager
def lowering(key: str, value: int, otherwise: str = SMALLER_MODEL) -> Iterator[None]:
    """Name the key to lower if a block runs out of memory.

    Parameters
    ----------
    key, value
        The key of the configuration that decides how much a model is given at a time, and its
        value; no result depends on it.
    otherwise
        What else helps, for a value that cannot be lowered.

    Raises
    ------
    InputError
        If the block runs out of memory.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        where = exhausted(error)
        if where is None:
            raise
        advice = f"lower {key} (now {value})" if value > 1 else f"{key} is 1; {otherwise}"
        raise InputError(f"out of memory on {where}; {advice}") from error


def exhausted(error: BaseException) -> str | None:
    """Return which memory an error says is exhausted, or None if it says something else."""
    import torch

    text = str(error)
    own = isinstance(error, MemoryError | torch.OutOfMemoryError)
    if not own and not any(said in text.lower() for said in _SAID):
        return None
    numbered = re.search(r"GPU \d+", text)
    if numbered:
        return numbered[0]
    on_gpu = isinstance(error, torch.OutOfMemoryError) or re.search("CUDA|MPS", text)
    return "the GPU" if on_gpu else "the CPU"
