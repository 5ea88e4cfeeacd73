"""The header of a GGUF file: what the model is, and how large the file must be to hold it."""

import struct
from collections.abc import Mapping
from math import prod
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, NamedTuple

from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFValueType

from langneurons.errors import InputError

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)  # version 1 counted in 32 bits, and is no longer written
#: Type of a number in the metadata → its code in `struct`.
_CODES = {
    GGUFValueType.UINT8: "B", GGUFValueType.INT8: "b", GGUFValueType.BOOL: "?",
    GGUFValueType.UINT16: "H", GGUFValueType.INT16: "h",
    GGUFValueType.UINT32: "I", GGUFValueType.INT32: "i", GGUFValueType.FLOAT32: "f",
    GGUFValueType.UINT64: "Q", GGUFValueType.INT64: "q", GGUFValueType.FLOAT64: "d",
}  # fmt: skip
#: What a damaged header raises: its end is missed, or nonsense is taken for a length or a type.
_DAMAGE = (struct.error, ValueError, KeyError, ArithmeticError)


class Header(NamedTuple):
    """What a GGUF file says about itself."""

    metadata: Mapping[str, Any]
    """Key → number or text; arrays, such as the vocabulary, are None."""
    tensors: Mapping[str, int]
    """Tensor → how many numbers it holds."""
    size: int
    """The bytes that the file must have to hold them."""


def read_header(file: Path) -> Header:
    """Read the header of a GGUF file.

    Raises
    ------
    InputError
        If it is not a GGUF file, or is truncated or damaged.
    """
    with open(file, "rb") as opened:
        magic = opened.read(len(_MAGIC))
        if magic != _MAGIC:
            raise InputError(
                f"{file}: found a file that starts with {magic!r}, expected {_MAGIC!r}"
            )
        with mmap(opened.fileno(), 0, access=ACCESS_READ) as data:
            found = len(data)
            try:
                header = _parse(data)
            except _DAMAGE as error:
                raise InputError(
                    f"{file}: the header is truncated or damaged ({error}); expected "
                    "a whole GGUF file"
                ) from error
    if found < header.size:
        raise InputError(
            f"{file}: truncated: found {found:,} bytes, expected {header.size:,} by its header"
        )
    return header


class _Cursor:
    """Reads the values of a header one after the other."""

    def __init__(self, data: mmap, at: int) -> None:
        self.data, self.at = data, at

    def number(self, code: str) -> Any:
        (value,) = struct.unpack_from(f"<{code}", self.data, self.at)
        self.at += struct.calcsize(f"<{code}")
        return value

    def text(self) -> str:
        length = self.number("Q")
        self.at += length
        return self.data[self.at - length : self.at].decode()

    def value(self, kind: int) -> Any:
        """Return a number or a text; None for an array, which is passed over."""
        if kind == GGUFValueType.STRING:
            return self.text()
        if kind != GGUFValueType.ARRAY:
            return self.number(_CODES[GGUFValueType(kind)])
        of, count = self.number("I"), self.number("Q")
        for _ in range(count):
            self.value(of)
        return None


def _parse(data: mmap) -> Header:
    cursor = _Cursor(data, len(_MAGIC))
    version = cursor.number("I")
    if version not in _VERSIONS:
        raise ValueError(f"version {version}, expected one of {_VERSIONS}")
    tensors, keys = cursor.number("Q"), cursor.number("Q")
    metadata = {cursor.text(): cursor.value(cursor.number("I")) for _ in range(keys)}
    held: dict[str, int] = {}
    ends = [0]
    for _ in range(tensors):
        name = cursor.text()
        held[name] = prod(cursor.number("Q") for _ in range(cursor.number("I")))
        per_block, width = GGML_QUANT_SIZES[GGMLQuantizationType(cursor.number("I"))]
        ends.append(cursor.number("Q") + held[name] // per_block * width)
    start = cursor.at + -cursor.at % metadata.get("general.alignment", 32)
    return Header(metadata, held, start + max(ends))
