"""Parquet artefacts: a declared schema, provenance in the metadata, atomic writes.

A file appears under its final name only when it is complete, so a job that is killed at any
moment leaves nothing half-written behind, and two runs give the same rows in the same order.
"""

import errno
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import langneurons
from langneurons.errors import InputError

PROVENANCE_KEY = b"langneurons"
_RECORDED_PACKAGES = ("numpy", "pandas", "pyarrow", "torch", "transformers")
#: Full disk, exhausted quota, file size limit: what the user can mend by making room.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that becomes ``path`` on success.

    The temporary file keeps the suffix of ``path`` (writers choose formats by it) and is removed
    if the block raises.

    Raises
    ------
    InputError
        If there is no room for the file: a full disk, an exhausted quota, a file size limit.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _temporary_beside(path) as temporary:
            yield temporary
            # mkstemp makes private files; artefacts get what the user's umask allows.
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
            temporary.replace(path)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        reason = os.strerror(error.errno).lower()
        raise InputError(f"{path}: cannot be written: {reason}; make room and run again") from None


def write_table(
    table: pd.DataFrame | pa.Table,
    path: str | Path,
    schema: pa.Schema,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write ``table`` as zstd Parquet with exactly the columns and types of ``schema``.

    Parameters
    ----------
    table
        The rows, with the columns of ``schema`` in any order.
    path
        Where the artefact appears, atomically.
    schema
        Column names, types and nullability of the artefact.
    provenance
        JSON-serialisable facts about how the table was made (parameters, seed, inputs). Package
        versions are added.

    Raises
    ------
    ValueError
        If columns or types differ from the schema: a mistake in the program, not in the input.
    InputError
        If there is no room for the file.
    """
    frame = isinstance(table, pd.DataFrame)
    columns = list(table.columns) if frame else table.column_names
    if set(columns) != set(schema.names):
        raise ValueError(f"{path}: columns {columns} differ from the schema's {schema.names}")
    if frame:
        table = pa.Table.from_pandas(table[schema.names], schema=schema, preserve_index=False)
    else:
        table = table.select(schema.names).cast(schema)
    facts = {"versions": _versions(), **(provenance or {})}
    metadata = {PROVENANCE_KEY: json.dumps(facts, sort_keys=True, default=str).encode()}
    with atomic_path(path) as temporary:
        pq.write_table(
            table.replace_schema_metadata(metadata),
            temporary,
            compression="zstd",
            write_page_checksum=True,
        )


def read_arrow(path: str | Path, schema: pa.Schema) -> pa.Table:
    """Read an artefact as an Arrow table and check that it has the columns of ``schema``.

    Raises
    ------
    InputError
        If the file is absent, is no readable Parquet file, or has other columns or types.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        table = pq.read_table(path, page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{path}: not a readable Parquet file ({error}); delete it and run again"
        ) from None
    for field in schema:
        index = table.schema.get_field_index(field.name)
        if index < 0:
            raise InputError(
                f"{path}: expected a column {field.name!r}, found {table.schema.names}"
            )
        found = table.schema.field(index).type
        if found != field.type:
            raise InputError(
                f"{path}: column {field.name!r} has type {found}, expected {field.type}"
            )
    return table.select(schema.names)


def read_table(path: str | Path, schema: pa.Schema) -> pd.DataFrame:
    """Read an artefact as a data frame; see `read_arrow` for the checks."""
    return read_arrow(path, schema).to_pandas()


def read_provenance(path: str | Path) -> dict[str, Any]:
    """Return the provenance recorded in an artefact's schema metadata."""
    metadata = pq.read_schema(path).metadata or {}
    return json.loads(metadata.get(PROVENANCE_KEY, b"{}"))


@contextmanager
def _temporary_beside(path: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


@lru_cache
def _versions() -> dict[str, str]:
    # Read from package metadata: importing torch to ask its version would cost seconds.
    packages = {name: version(name) for name in _RECORDED_PACKAGES}
    return {"langneurons": langneurons.__version__, **packages}
