"""Inspect a checkpoint before requesting a GPU: its structure, its weights, its tokenizer.

The structure is read from the architecture built without weights, and the weight files are scanned
tensor by tensor, so that a model of 7B parameters is checked in seconds with little memory.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import torch
from safetensors import safe_open
from torch import Tensor
from transformers import PreTrainedTokenizerBase
from transformers.utils import cached_file
from transformers.utils.hub import extract_commit_hash, get_checkpoint_shard_files

from langneurons.errors import InputError
from langneurons.models.loading import (
    LOADING_ERRORS,
    context_length,
    load_skeleton,
    load_tokenizer,
    unreadable,
)
from langneurons.models.mlps import check_causal, find_mlps
from langneurons.models.probing import decoder_of, input_embeddings
from langneurons.models.schema import MERGED, MODEL
from langneurons.models.spec import ModelSpec

_WEIGHT_FILES = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
_SCAN_NUMBERS = 1 << 25  # of a tensor scanned in one piece: 128 MiB in float32


def inspect_model(spec: ModelSpec) -> pd.DataFrame:
    """Describe a model and check that it can be used, without loading it.

    Returns
    -------
    pandas.DataFrame
        One row with the columns of `MODEL`.

    Raises
    ------
    InputError
        If the model is not a decoder-only model whose MLPs can be found (`find_mlps`), its weights
        are damaged or not finite (`check_weights`), or it has no tokenizer.
    """
    model = load_skeleton(spec)
    mlps = find_mlps(model)
    check_causal(model)
    config = decoder_of(model).config
    row = {
        "model": spec.path,
        "architecture": type(model).__name__,
        "layers": len(mlps),
        "neurons_per_layer": mlps[0].width,
        "activation_function": type(mlps[0].activation).__name__,
        "gated": mlps[0].gated,
        "hidden_size": config.hidden_size,
        "vocabulary_size": input_embeddings(model).num_embeddings,
        "context_length": context_length(config),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "checkpoint_dtype": "+".join(check_weights(spec)),
        "tokenizer_digest": tokenizer_digest(load_tokenizer(spec)),
        "revision": _commit(spec),
        **_merged(spec),
    }
    table = pa.Table.from_pylist([row], schema=MODEL)
    # By default a null would turn integers into floats.
    return table.to_pandas(types_mapper={pa.int32(): pd.Int32Dtype()}.get)


def _merged(spec: ModelSpec) -> dict[str, float | None]:
    """Return what merging an adapter wrote beside the weights."""
    file = Path(spec.path) / MERGED
    facts = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return {key: facts.get(key) for key in ("update_norm", "merge_error")}


def check_weights(spec: ModelSpec) -> list[str]:
    """Read every weight of a checkpoint once and check that it is finite.

    Files are read tensor by tensor, and large tensors in pieces; never a whole file at once.

    Returns
    -------
    list of str
        The names of the dtypes found, sorted.

    Raises
    ------
    InputError
        If there are no weights, a file is truncated or holds pickled objects other than tensors,
        a tensor listed in the index is absent, or a number is NaN or infinite; the message names
        the tensor and the file.
    """
    files, promised = _weight_files(spec)
    dtypes: set[str] = set()
    found: set[str] = set()
    for file in files:
        try:
            for name, tensor in _tensors(file):
                found.add(name)
                dtypes.add(str(tensor.dtype).removeprefix("torch."))
                _check_finite(file, name, tensor)
        except InputError:
            raise
        except LOADING_ERRORS as error:
            raise InputError(unreadable(str(file), error)) from error
    absent = sorted(promised - found)
    if absent:
        raise InputError(f"{spec.path}: the index lists {absent[0]!r}, which no weight file holds")
    return sorted(dtypes)


def tokenizer_digest(tokenizer: PreTrainedTokenizerBase) -> str:
    """Digest everything that determines how a text is tokenized.

    The vocabulary, merges, added tokens, normaliser, pre-tokenizer and the tokens put around a
    text count; folder, padding and truncation do not. Copies of a tokenizer share a digest.

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        facts = json.loads(backend.to_str())
        for state in ("padding", "truncation"):  # of the last call, not of the tokenizer
            facts.pop(state, None)
    else:
        facts = _python_tokenizer_facts(tokenizer)
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _python_tokenizer_facts(tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    sentencepiece = getattr(tokenizer, "sp_model", None)
    model = sentencepiece.serialized_model_proto() if sentencepiece is not None else b""
    return {
        "class": type(tokenizer).__name__,
        "vocabulary": tokenizer.get_vocab(),
        "added": {index: repr(token) for index, token in tokenizer.added_tokens_decoder.items()},
        "model": hashlib.sha256(model).hexdigest(),
        "around": tokenizer.build_inputs_with_special_tokens([]),
    }


def _weight_files(spec: ModelSpec) -> tuple[list[Path], set[str]]:
    """Return the weight files and, for a sharded checkpoint, the tensors that they must hold."""
    for name in _WEIGHT_FILES:
        file = _find(spec, name)
        if file is None:
            continue
        if not name.endswith(".json"):
            return [Path(file)], set()
        try:
            shards, index = get_checkpoint_shard_files(spec.path, file, revision=spec.revision)
        except LOADING_ERRORS as error:
            raise InputError(unreadable(file, error)) from error
        return [Path(shard) for shard in shards], set(index["all_checkpoint_keys"])
    raise InputError(f"{spec.path}: no weights; expected one of {', '.join(_WEIGHT_FILES)}")


def _find(spec: ModelSpec, name: str) -> str | None:
    try:
        return cached_file(
            spec.path, name, revision=spec.revision, _raise_exceptions_for_missing_entries=False
        )
    except LOADING_ERRORS as error:
        raise InputError(unreadable(spec.path, error)) from error


def _commit(spec: ModelSpec) -> str | None:
    """Return the commit of a hub model, which is part of its path in the hub's cache."""
    if Path(spec.path).is_dir():
        return None
    return extract_commit_hash(_find(spec, "config.json"), None)


def _tensors(file: Path) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of a file, large ones in pieces."""
    if file.suffix == ".safetensors":
        with safe_open(file, framework="pt") as shard:
            for name in shard.keys():  # noqa: SIM118  (no iterator)
                lazy = shard.get_slice(name)
                shape = lazy.get_shape()
                if not shape or shape[0] == 0:
                    yield name, shard.get_tensor(name)
                    continue
                rows = max(1, _SCAN_NUMBERS // max(1, torch.Size(shape[1:]).numel()))
                for first in range(0, shape[0], rows):
                    yield name, lazy[first : first + rows]
    else:
        # Only zip archives can be memory-mapped; the pre-1.6 torch format is read whole.
        weights = torch.load(
            file, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file)
        )
        for name, tensor in weights.items():
            for piece in tensor.reshape(-1).split(_SCAN_NUMBERS):
                yield name, piece


def _check_finite(file: Path, name: str, tensor: Tensor) -> None:
    if not tensor.dtype.is_floating_point:
        return
    if tensor.dtype.itemsize == 1:  # torch cannot check float8 numbers for finiteness
        tensor = tensor.float()
    finite = tensor.isfinite()
    if not finite.all():
        kind = "NaN" if tensor.isnan().any() else "infinite"
        count = int((~finite).sum())
        raise InputError(
            f"{file}: tensor {name!r} holds {count} numbers that are {kind}; expected finite "
            "weights, so the checkpoint is damaged or its training diverged"
        )
