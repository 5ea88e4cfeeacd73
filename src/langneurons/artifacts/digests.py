"""Digests that tell whether the inputs of a kept result are still the same."""

import hashlib
from pathlib import Path

import pandas as pd


def table_digest(table: pd.DataFrame) -> str:
    """Return a digest of all values of a table."""
    return hashlib.sha256(table.to_json(orient="values").encode()).hexdigest()


def file_digest(path: str | Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checkpoint_state(path: str) -> list[tuple[str, int, int]]:
    """Return what distinguishes a local checkpoint's files from later ones in the same place."""
    files = sorted(file for file in Path(path).glob("*") if file.is_file())
    return [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
