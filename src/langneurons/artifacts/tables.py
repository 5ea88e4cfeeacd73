"""Parquet artefacts: a declared schema with a format version, and provenance in the metadata.

Files appear whole or not at all, and two runs write the same rows in the same order.
"""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import langneurons
from langneurons.artifacts.atomic import atomic_path
from langneurons.errors import InputError

PROVENANCE_KEY = b"langneurons"
_FORMAT_KEYS = _NAME_KEY, _VERSION_KEY = b"artefact", b"artefact_version"
#: What a file's provenance says about that file only, and not about files made from it.
_OWN_FACTS = ("share", "versions")
#: What the provenance says of the work of a job that ran a model; shares add up.
WORK = ("forward_tokens", "backward_tokens")
_RECORDED_PACKAGES = ("numpy", "pandas", "pyarrow", "torch", "transformers")


def artefact(name: str, columns: str, version: int = 1) -> pa.Schema:
    """Return the schema of an artefact, with the name and version of its format as metadata.

    Parameters
    ----------
    name
        Unique to the artefact.
    columns
        Names and Arrow types, ``layer int32, score float64?, languages [string]``: a column with a
        question mark may hold nulls, one with brackets holds lists.
    version
        Raise it by one whenever the columns or their meaning change so that an older file must
        not be read as if it were new.
    """
    fields = [_field(*column.split()) for column in columns.split(", ")]
    return pa.schema(fields, {_NAME_KEY: name, _VERSION_KEY: str(version)})


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
        Column names, types and nullability of the artefact, and its format (`artefact`).
    provenance
        JSON-serialisable facts about how the table was made (parameters, seed, inputs). Package
        versions are added.

    Raises
    ------
    ValueError
        If columns or types differ from the schema: a bug in the program, not bad input.
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
    metadata |= {key: value for key, value in _metadata(schema).items() if key in _FORMAT_KEYS}
    with atomic_path(path) as temporary:
        pq.write_table(
            table.replace_schema_metadata(metadata),
            temporary,
            compression="zstd",
            write_page_checksum=True,
        )


def read_arrow(path: str | Path, schema: pa.Schema) -> pa.Table:
    """Read an artefact as an Arrow table and check that it matches ``schema``.

    A file without a format was written before formats had versions and counts as version 1. A
    schema not made by `artefact` only selects columns; the format is not checked.

    Raises
    ------
    InputError
        If the file is absent, is not a readable Parquet file, is another artefact or another
        version, or has other columns or types.
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
    _check_format(path, _metadata(table.schema), _metadata(schema))
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


def name_of_artefact(path: str | Path) -> str | None:
    """Return which artefact a file says that it is; None if it does not say, or is not readable."""
    try:
        name = _metadata(pq.read_schema(path)).get(_NAME_KEY)
    except (pa.ArrowException, OSError):
        return None  # `read_arrow` says what is wrong
    return None if name is None else name.decode()


def read_provenance(path: str | Path) -> dict[str, Any]:
    """Return the provenance recorded in an artefact's schema metadata."""
    return _provenance(_metadata(pq.read_schema(path)))


def inherited_provenance(path: str | Path) -> dict[str, Any]:
    """Return the provenance that a table inherits from an artefact: all but share and versions.

    Any one of several shares will do, as they differ in nothing else.
    """
    facts = read_provenance(path)
    return {key: facts[key] for key in facts if key not in _OWN_FACTS}


def summed_work(paths: Iterable[str | Path]) -> dict[str, int]:
    """Return how many tokens the shares of a job read, as far as all of their provenance says."""
    facts = [read_provenance(path) for path in paths]
    said = [key for key in WORK if all(key in one for one in facts)]
    return {key: sum(one[key] for one in facts) for key in said}


def _field(name: str, kind: str) -> pa.Field:
    bare = kind.removesuffix("?")
    plain = pa.type_for_alias(bare.strip("[]"))
    return pa.field(name, pa.list_(plain) if bare.startswith("[") else plain, bare != kind)


def _metadata(schema: pa.Schema) -> dict[bytes, bytes]:
    return schema.metadata or {}


def _provenance(metadata: Mapping[bytes, bytes]) -> dict[str, Any]:
    return json.loads(metadata.get(PROVENANCE_KEY, b"{}"))


def _check_format(
    path: Path, found: Mapping[bytes, bytes], expected: Mapping[bytes, bytes]
) -> None:
    if _NAME_KEY not in expected:
        return
    name, version = _format(expected, {})
    found_name, found_version = _format(found, expected)
    if (found_name, found_version) == (name, version):
        return
    versions = _provenance(found).get("versions", {})
    newer = found_name == name and found_version > version
    advice = (
        f"update langneurons (this is {langneurons.__version__})"
        if newer
        else f"make it again with `snakemake --cores all --force {path}`"
    )
    raise InputError(
        f"{path}: holds {found_name!r} in format {found_version}, written by langneurons "
        f"{versions.get('langneurons', 'of unknown version')}; expected {name!r} in format "
        f"{version}; {advice}"
    )


def _format(metadata: Mapping[bytes, bytes], default: Mapping[bytes, bytes]) -> tuple[str, int]:
    name = metadata.get(_NAME_KEY) or default[_NAME_KEY]
    return name.decode(), int(metadata.get(_VERSION_KEY, 1))


@lru_cache
def _versions() -> dict[str, str]:
    # Read from package metadata: importing torch to ask for its version would cost seconds.
    packages = {name: version(name) for name in _RECORDED_PACKAGES}
    return {"langneurons": langneurons.__version__, **packages}
