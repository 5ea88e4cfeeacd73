"""Read files into raw rows, each with its place in the file, for error messages."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from langneurons.errors import InputError

Row = tuple[str, dict[str, Any]]


def read_lines(path: str | Path) -> list[str]:
    """Return the lines of a UTF-8 text file; a byte order mark and CRLF line ends are allowed.

    Lines end only at line feeds: a question may contain other characters that Unicode counts as
    line ends. Blank lines at the end are left out.

    Raises
    ------
    InputError
        If the file is missing, is not UTF-8, or has no rows.
    """
    lines = [line.removesuffix("\r") for line in _read_text(path).split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise InputError(f"{path}: the file has no rows")
    return lines


def read_json_rows(path: str | Path) -> Iterator[Row]:
    """Yield the objects of a JSON list or of a file with one JSON object per line.

    Raises
    ------
    InputError
        If the file is malformed, naming the line; see `read_lines` for the rest.
    """
    lines = read_lines(path)
    if next(line for line in lines if line.strip()).lstrip().startswith("["):
        yield from _read_json_list(path, lines)
        return
    for number, line in enumerate(lines, start=1):
        if line.strip():
            source = f"{path}:{number}"
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise InputError(f"{source}: malformed JSON ({error})") from None
            yield source, _object(row, source)


def read_separated_rows(path: str | Path, delimiter: str) -> Iterator[Row]:
    """Yield the rows of a CSV or TSV file with a header; fields may be quoted.

    Raises
    ------
    InputError
        If a row has more or fewer fields than the header; see `read_lines` for the rest.
    """
    lines = (f"{line}\n" for line in read_lines(path))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        header = next(reader)
        for fields in reader:
            source = f"{path}:{reader.line_num}"
            if not fields:
                continue
            if len(fields) != len(header):
                raise InputError(
                    f"{source}: {len(fields)} fields, expected {len(header)} as in the header "
                    f"{header}"
                )
            yield source, dict(zip(header, fields, strict=True))
    except csv.Error as error:
        raise InputError(f"{path}:{reader.line_num}: malformed row ({error})") from None


def read_parquet_rows(path: str | Path) -> Iterator[Row]:
    """Yield the rows of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    _demand_file(path)
    try:
        rows = pq.read_table(path).to_pylist()
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path}: not a readable Parquet file ({error})") from None
    for number, row in enumerate(rows, start=1):
        yield f"{path}, row {number}", row


#: Suffix → how the rows of a table are read.
TABLE_READERS: dict[str, Callable[[str | Path], Iterator[Row]]] = {
    ".jsonl": read_json_rows,
    ".json": read_json_rows,
    ".csv": lambda path: read_separated_rows(path, ","),
    ".tsv": lambda path: read_separated_rows(path, "\t"),
    ".parquet": read_parquet_rows,
}


def read_rows(path: str | Path) -> Iterator[Row]:
    """Yield the rows of a table, read according to its suffix.

    Raises
    ------
    InputError
        If the suffix is not in ``TABLE_READERS``, or the file cannot be read.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in TABLE_READERS:
        raise InputError(
            f"{path}: the suffix is {suffix!r}, expected one of {' '.join(TABLE_READERS)}"
        )
    return TABLE_READERS[suffix](path)


def demand_folder(path: str | Path) -> Path:
    """Return ``path`` if it is a folder, else raise an `InputError`."""
    folder = Path(path)
    if not folder.is_dir():
        raise InputError(f"{folder}: {'not a' if folder.exists() else 'no such'} folder")
    return folder


def _demand_file(path: str | Path) -> None:
    if not Path(path).is_file():
        raise InputError(f"{path}: {'not a' if Path(path).exists() else 'no such'} file")


def _read_text(path: str | Path) -> str:
    _demand_file(path)
    data = Path(path).read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path}:{line}: byte 0x{data[error.start]:02x} is not UTF-8, expected UTF-8 text"
        ) from None


def _read_json_list(path: str | Path, lines: list[str]) -> Iterator[Row]:
    try:
        rows = json.loads("\n".join(lines))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}: malformed JSON ({error})") from None
    for number, row in enumerate(rows, start=1):
        source = f"{path}, item {number}"
        yield source, _object(row, source)


def _object(row: Any, source: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise InputError(f"{source}: found a {type(row).__name__}, expected a JSON object")
    return row
