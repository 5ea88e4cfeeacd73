"""Import activation counts published as torch files, in the format of the paper's release.

A folder holds, for each language, ``activation.<language>.<model>.pt`` (prompt + response) and
``prefix.activation.<language>.<model>.pt`` (prompt alone). Each is a dict with ``total_tokens``
(int) and ``over_zero`` (integer tensor, layers × neurons). Counts over the response tokens are
the difference between the two, negatives clamped to 0 (METHOD 1). It exceeds the number of response
tokens where a neuron was inactive more often over the prompts alone than over prompts + responses:
the two runs do not agree on the prompts. As in the release, that side is not clamped.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from langneurons.activations.counts import Counts, write_counts
from langneurons.activations.files import counts_files
from langneurons.artifacts.tensors import load_tensors
from langneurons.errors import InputError


class _Content(TypedDict):
    """What a file holds, with its tensor as an int64 array."""

    total_tokens: int
    over_zero: np.ndarray


_KEYS = _Content.__required_keys__


def import_counts(folder: str | Path, languages: Sequence[str], output: str | Path) -> None:
    """Write the response counts of a released folder as an activations artefact with one fold.

    Raises
    ------
    InputError
        If a file is missing, truncated, foreign, holds pickled code, or differs in shape from
        the first language's.
    """
    active, tokens = [], []
    for full_path, prefix_path in counts_files(folder, languages).values():
        full, prefix = _load(full_path), _load(prefix_path)
        if full["over_zero"].shape != prefix["over_zero"].shape:
            raise InputError(_shape_message(prefix_path, prefix, full_path, full))
        difference = full["total_tokens"] - prefix["total_tokens"]
        if difference <= 0:
            raise InputError(
                f"{full_path}: total_tokens {full['total_tokens']} is not above its prefix "
                f"file's {prefix['total_tokens']}, so there is no response token"
            )
        active.append(np.clip(full["over_zero"] - prefix["over_zero"], 0, None))
        tokens.append([difference])
        if active[-1].shape != active[0].shape:
            raise InputError(
                f"{full_path}: over_zero has shape {active[-1].shape}, expected "
                f"{active[0].shape} as for {languages[0]}"
            )
    counts = Counts(np.stack(active)[:, None], np.array(tokens), tuple(languages))
    write_counts(counts, output, {"imported_from": Path(folder).name})


def _load(path: Path) -> _Content:
    import torch

    content = load_tensors(path, "tensors saved by torch.save")
    if not isinstance(content, dict) or not content.keys() >= _KEYS:
        found = type(content).__name__
        if isinstance(content, dict):
            found = f"a dict with {sorted(map(str, content))[:4]}"
        raise InputError(f"{path}: expected a dict with {sorted(_KEYS)}, found {found}")
    over_zero, total = content["over_zero"], content["total_tokens"]
    if not isinstance(total, int):
        raise InputError(f"{path}: expected an integer as total_tokens, found {total!r}")
    if not _is_integer_matrix(over_zero):
        found = type(over_zero).__name__
        if isinstance(over_zero, torch.Tensor):
            found = f"{over_zero.dtype} of shape {tuple(over_zero.shape)}, {over_zero.layout}"
        raise InputError(
            f"{path}: expected over_zero to be a dense integer tensor layers × neurons, "
            f"found {found}"
        )
    over_zero = over_zero.numpy().astype(np.int64)
    low, high = over_zero.min(initial=0), over_zero.max(initial=0)
    if low < 0 or high > total:
        raise InputError(
            f"{path}: expected over_zero within 0 and total_tokens = {total}, "
            f"found {low if low < 0 else high}"
        )
    return {"total_tokens": total, "over_zero": over_zero}


def _is_integer_matrix(value: Any) -> bool:
    import torch

    integers = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
    return (
        isinstance(value, torch.Tensor)
        and value.layout == torch.strided
        and value.ndim == 2
        and value.dtype in integers
    )


def _shape_message(path: Path, content: _Content, other_path: Path, other: _Content) -> str:
    return (
        f"{path}: over_zero has shape {content['over_zero'].shape}, expected "
        f"{other['over_zero'].shape} as in {other_path.name}"
    )
