"""GGUF files: a model in one file, its weights often quantised, turned into a plain checkpoint.

transformers reads them, but slowly, and takes for granted that a file is whole and that it knows
all of its metadata. The header is read first and tells in seconds whether that is so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gguf as package  # below, `gguf` is the name of a file
import numpy as np
import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    GgufConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)
from transformers.utils import cached_file

from langneurons.artifacts.atomic import atomic_folder
from langneurons.artifacts.digests import file_digest
from langneurons.artifacts.folders import file_in
from langneurons.errors import InputError
from langneurons.models.gguf_header import Header, read_header
from langneurons.models.loading import (
    LOADING_ERRORS,
    check_decoder_only,
    check_weights_fit,
    first_line,
    unreadable,
)


def convert_gguf(
    path: str,
    gguf: str,
    output: str | Path,
    revision: str | None = None,
    sha256: str | None = None,
) -> None:
    """Turn a GGUF file into a checkpoint that loads like any other.

    Parameters
    ----------
    path, revision
        The folder that holds the file, or the id of a model on the hub and one of its commits.
    gguf
        The file's name.
    output
        Folder of the checkpoint: weights in bfloat16, quantised ones unpacked, configuration and
        tokenizer, both as the file has them. It appears once everything is written. The key
        ``langneurons_source`` of its config.json holds the file's name and digest.
    sha256
        The digest that the file must have.

    Raises
    ------
    InputError
        If there is no such file; if it is no GGUF file, truncated, a part of one, or has another
        digest; if transformers cannot read its architecture, its tokenizer or the scale of its
        positions, or finds weights missing.
    """
    file = _find(path, gguf, revision)
    header = read_header(file)
    _check_kind(file, header)
    found = file_digest(file)
    if sha256 is not None and found != sha256.lower():
        raise InputError(f"{file}: found the sha256 digest {found}, expected {sha256.lower()}")
    with TemporaryDirectory() as alone, _parsed_once():
        # Files beside it, such as a tokenizer.json, would be taken for parts of it.
        link = Path(alone, "model.gguf")
        link.symlink_to(file.resolve())
        config = _config(file, link, header.metadata["general.architecture"])
        tokenizer = _tokenizer(file, link)
        config.langneurons_source = {"file": gguf, "sha256": found}
        model = _model(file, link, config)
    with atomic_folder(output) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


class _Reader(package.GGUFReader):
    """The package's reader, of a plain array.

    It takes millions of slices of the file; one of a memory map costs as much as several of these.
    """

    @property
    def data(self) -> Any:
        """The bytes of the file."""
        return self._data

    @data.setter
    def data(self, mapped: np.memmap) -> None:
        self._data = np.asarray(mapped)


@contextmanager
def _parsed_once() -> Iterator[None]:
    """Give transformers the same reader for the configuration and for the weights of a file."""
    own = package.GGUFReader
    vars(package)["GGUFReader"] = cache(_Reader)
    try:
        yield
    finally:
        vars(package)["GGUFReader"] = own


def _find(path: str, gguf: str, revision: str | None) -> Path:
    if Path(path).is_dir():
        return file_in(path, gguf)
    try:
        found = cached_file(path, gguf, revision=revision)
    except LOADING_ERRORS as error:
        raise InputError(
            f"{path}: no such local folder, and on the Hugging Face hub or in the local cache no "
            f"file {gguf!r} is found there ({first_line(error)})"
        ) from error
    assert found is not None  # it raises instead
    return Path(found)


def _check_kind(file: Path, header: Header) -> None:
    """Refuse what transformers would not notice, or only after minutes."""
    metadata = header.metadata
    architecture = metadata.get("general.architecture")
    if not isinstance(architecture, str):
        raise InputError(f"{file}: the header has no key general.architecture, expected a model's")
    parts = metadata.get("split.count", 1)
    if parts > 1:
        raise InputError(f"{file}: found one of {parts} parts, expected a file with all tensors")
    # Left out in silence, so that the model would be another one.
    scaling = metadata.get(f"{architecture}.rope.scaling.type", "none")
    scales = [name for name in header.tensors if name.startswith("rope_f")]
    if scaling != "none" or scales:
        raise InputError(
            f"{file}: found positions that are scaled ({', '.join(scales) or scaling}), which "
            "transformers does not read from a GGUF file; expected the checkpoint it was made from"
        )


def _config(file: Path, link: Path, architecture: str) -> PreTrainedConfig:
    try:
        config = AutoConfig.from_pretrained(link.parent, gguf_file=str(link))
    except LOADING_ERRORS as error:
        raise InputError(
            f"{file}: this version of transformers reads no GGUF file of architecture "
            f"{architecture!r} ({first_line(error)})"
        ) from error
    check_decoder_only(str(file), config)
    return config


def _tokenizer(file: Path, link: Path) -> PreTrainedTokenizerBase:
    try:
        # Not AutoTokenizer, which reads the metadata once more for a class that is not needed.
        return PreTrainedTokenizerFast.from_pretrained(link.parent, gguf_file=str(link))
    except LOADING_ERRORS as error:
        raise InputError(f"{file}: no tokenizer can be made of it: {first_line(error)}") from error


def _model(file: Path, link: Path, config: PreTrainedConfig) -> PreTrainedModel:
    try:
        # A pair, for `output_loading_info`; the annotation knows the model only.
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            link.parent,
            config=config,
            gguf_file=str(link),
            quantization_config=GgufConfig(dequantize=True),
            dtype=torch.bfloat16,
            device_map={"": "cpu"},
            output_loading_info=True,
        )
    except LOADING_ERRORS as error:
        raise InputError(unreadable(str(file), error)) from error
    model, report = loaded
    check_weights_fit(str(file), model, report)
    return model
