"""Files written by ``torch.save``, the release's format: tensors and plain values, never code."""

import io
import re
from pathlib import Path
from typing import Any

from langneurons.artifacts.atomic import atomic_path
from langneurons.errors import InputError


def load_tensors(path: str | Path, expected: str) -> Any:
    """Return the content of a ``torch.save`` file; code in it is never run.

    Parameters
    ----------
    expected
        What the file should hold, for the error message.

    Raises
    ------
    InputError
        If the file is absent or cannot be read, is truncated or foreign, or holds pickled code.
    """
    import torch

    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: no such file")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    except Exception as error:  # torch raises almost anything on bytes it did not write
        code = re.search(r"GLOBAL (\S*\w) ", str(error))
        found = f"pickled code ({code[1]}), not run" if code else "a truncated or foreign file"
        raise InputError(f"{path}: expected {expected}, found {found}") from None


def save_tensors(content: Any, path: str | Path) -> None:
    """Write tensors and plain values with ``torch.save``; equal content gives equal bytes."""
    import torch

    # Through memory: torch.save writes the file's name into it, here a random temporary one, and
    # turns a full disk into an error of its own.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    with atomic_path(path) as temporary:
        temporary.write_bytes(buffer.getvalue())
