"""Digests that tell whether what a kept result was made of is still the same."""

import hashlib
from pathlib import Path

import pandas as pd


def table_digest(table: pd.DataFrame) -> str:
    """Return a digest of all values of a table."""
    return hashlib.sha256(table.to_json(orient="values").encode()).hexdigest()


def checkpoint_state(path: str) -> list[tuple[str, int, int]]:
    """Return what tells the files of a local checkpoint from later ones at the same place."""
    files = sorted(file for file in Path(path).glob("*") if file.is_file())
    return [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
