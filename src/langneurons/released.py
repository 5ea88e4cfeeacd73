"""Import activation counts published as torch files, in the format of the paper's release.

A folder holds, for each language, ``activation.<language>.<model>.pt`` (prompt + response) and
``prefix.activation.<language>.<model>.pt`` (prompt alone). Each is a dict of ``total_tokens``
(int) and ``over_zero`` (integer tensor, layers × neurons). Counts over the response tokens are
their difference, negatives clamped to 0 (METHOD 1).
"""

import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from langneurons.counts import Counts, write_counts
from langneurons.errors import InputError

_KEYS = {"total_tokens", "over_zero"}


def counts_files(folder: str | Path, languages: Sequence[str]) -> dict[str, tuple[Path, Path]]:
    """Find each language's full and prefix file in ``folder``; reads names only.

    Returns
    -------
    dict
        language → (full file, prefix file).

    Raises
    ------
    InputError
        If the folder is absent, a language has no full or no prefix file, or more than one of
        either (the folder mixes models).
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of activation counts")
    return {
        language: (
            _only(folder, f"activation.{language}.*.pt", language),
            _only(folder, f"prefix.activation.{language}.*.pt", language),
        )
        for language in languages
    }


def import_counts(folder: str | Path, languages: Sequence[str], output: str | Path) -> None:
    """Write the response counts of a released folder as an activations artefact of one fold.

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


def _only(folder: Path, pattern: str, language: str) -> Path:
    matches = sorted(folder.glob(pattern))
    if len(matches) != 1:
        found = ", ".join(path.name for path in matches) or "none"
        raise InputError(
            f"{folder}: expected exactly one file {pattern} for language {language!r}, "
            f"found {found}"
        )
    return matches[0]


def _load(path: Path) -> dict:
    import torch

    try:
        # weights_only: tensors and plain values; code in a pickle is never run.
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{path}: not a file of plain tensors that torch can read "
            f"(truncated, foreign, or holding pickled code): {reason}"
        ) from None
    if not isinstance(content, dict) or not content.keys() >= _KEYS:
        found = sorted(content) if isinstance(content, dict) else type(content).__name__
        raise InputError(f"{path}: expected a dict with {sorted(_KEYS)}, found {found}")
    over_zero, total = content["over_zero"], content["total_tokens"]
    if not isinstance(over_zero, torch.Tensor) or over_zero.ndim != 2:
        raise InputError(f"{path}: over_zero is not a layers × neurons tensor")
    if over_zero.is_floating_point() or over_zero.is_complex():
        raise InputError(f"{path}: over_zero has type {over_zero.dtype}, expected integer counts")
    over_zero = over_zero.numpy().astype(np.int64)
    if over_zero.min(initial=0) < 0 or over_zero.max(initial=0) > int(total):
        raise InputError(f"{path}: over_zero is not within 0 and total_tokens = {int(total)}")
    return {"total_tokens": int(total), "over_zero": over_zero}


def _shape_message(path: Path, content: dict, other_path: Path, other: dict) -> str:
    return (
        f"{path}: over_zero has shape {content['over_zero'].shape}, expected "
        f"{other['over_zero'].shape} as in {other_path.name}"
    )
