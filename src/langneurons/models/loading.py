"""Load decoder-only checkpoints, or say in one sentence why one cannot be used.

One `ModelSpec` specifies everything about what is loaded. Code that comes with a checkpoint runs
only if the spec trusts it, and pickled weights are read as plain tensors only.
"""

import pickle
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from langneurons.errors import InputError
from langneurons.models.memory import SMALLER_MODEL, exhausted
from langneurons.models.spec import DTYPES, ModelSpec, resolve_device

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")

#: What transformers, safetensors and torch raise for files that are absent, damaged, too large or
#: of the wrong kind.
LOADING_ERRORS = (
    OSError,
    ValueError,
    RuntimeError,
    KeyError,
    ImportError,
    MemoryError,
    SafetensorError,
    pickle.UnpicklingError,
)


#: The classes of transformers that load a model by the type of its configuration.
Auto = type[AutoModelForCausalLM] | type[AutoModelForSeq2SeqLM]


def load_config(spec: ModelSpec) -> PreTrainedConfig:
    """Load the configuration of a decoder-only model.

    Raises
    ------
    InputError
        If there is no such checkpoint, or it is not a decoder-only language model with an
        architecture known here.
    """
    config = read_config(spec, "AutoModelForCausalLM")
    check_decoder_only(spec.path, config)
    return config


def check_decoder_only(path: str, config: PreTrainedConfig) -> None:
    """Refuse a model that is not decoder-only with an `InputError`."""
    if getattr(config, "is_encoder_decoder", False):
        raise InputError(
            f"{path}: {architecture(config)} is an encoder–decoder, not a decoder-only model"
        )
    kind = config.model_type
    if kind in CONFIG_MAPPING_NAMES and kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        raise InputError(f"{path}: {architecture(config)} is not a decoder-only model")


def read_config(spec: ModelSpec, code: str) -> PreTrainedConfig:
    """Load the configuration of a model of any kind.

    Parameters
    ----------
    code
        The transformers class that the checkpoint must map to its own code if its architecture
        is not one of transformers'.

    Raises
    ------
    InputError
        If there is no such checkpoint, or its architecture is not known here.
    """
    _check_place(spec.path)
    folder = Path(spec.path)
    if folder.is_dir() and not (folder / "config.json").is_file():
        raise InputError(f"{folder}: no config.json in this folder; expected a saved checkpoint")
    try:
        described, _ = PreTrainedConfig.get_config_dict(spec.path, revision=spec.revision)
    except LOADING_ERRORS as error:
        if folder.is_dir():
            raise InputError(f"{folder}/config.json: {first_line(error)}") from error
        raise InputError(
            f"{spec.path}: no such local folder, and as a model id it is neither on the Hugging "
            "Face hub (or the hub cannot be reached) nor in the local cache "
            f"({first_line(error)})"
        ) from error
    kind = described.get("model_type")
    if kind not in CONFIG_MAPPING_NAMES:
        _check_own_code(spec, kind, described, code)
    try:
        return AutoConfig.from_pretrained(
            spec.path, revision=spec.revision, trust_remote_code=spec.trust_remote_code
        )
    except LOADING_ERRORS as error:
        raise InputError(f"{spec.path}: config.json cannot be used: {first_line(error)}") from error


def load_tokenizer(spec: ModelSpec) -> PreTrainedTokenizerBase:
    """Load the tokenizer of a model.

    A tokenizer without a padding token uses its end-of-text token instead, or else its unknown
    token; its padding side is left as it is.

    Raises
    ------
    InputError
        If there is no such tokenizer or it cannot be read.
    """
    path = spec.tokenizer or spec.path
    _check_place(path)
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            path,
            # A revision names a commit of the model's own repository.
            revision=spec.revision if path == spec.path else None,
            trust_remote_code=spec.trust_remote_code,
        )
    except LOADING_ERRORS as error:
        raise InputError(f"{path}: no tokenizer can be loaded: {first_line(error)}") from error
    if len(tokenizer) == 0:
        raise InputError(f"{path}: the tokenizer is empty; expected a tokenizer.json or its like")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    return tokenizer


def load_skeleton(spec: ModelSpec) -> PreTrainedModel:
    """Build the architecture of a model without weights, on torch's meta device.

    Raises
    ------
    InputError
        As `load_config`, or if the architecture cannot be built from the configuration.
    """
    config = load_config(spec)
    try:
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(
                config, trust_remote_code=spec.trust_remote_code
            )
    except LOADING_ERRORS as error:
        raise InputError(
            f"{spec.path}: {architecture(config)} cannot be built: {first_line(error)}"
        ) from error
    return model.eval()


def load_model(spec: ModelSpec) -> PreTrainedModel:
    """Load a model with its weights, for inference.

    Returns
    -------
    PreTrainedModel
        In evaluation mode; no parameter requires a gradient.

    Raises
    ------
    InputError
        As `load_config`; also if the device is absent, a file is damaged or holds pickled objects
        other than tensors, or the weights do not fit into memory or the architecture. A checkpoint
        that leaves parameters at random values is refused: its results would mean nothing.
    """
    return load_weights(spec, load_config(spec), AutoModelForCausalLM)


def load_weights(spec: ModelSpec, config: PreTrainedConfig, auto: Auto) -> PreTrainedModel:
    """Load the weights for a configuration with one of transformers' auto classes.

    See `load_model` for the result and the errors.
    """
    device = resolve_device(spec.device)
    try:
        # A pair, for `output_loading_info`; the annotation knows the model only.
        loaded: Any = auto.from_pretrained(
            spec.path,
            config=config,
            revision=spec.revision,
            trust_remote_code=spec.trust_remote_code,
            dtype=_dtype(spec, device),
            device_map=spec.device_map or {"": device},
            weights_only=True,
            output_loading_info=True,
        )
    except LOADING_ERRORS as error:
        raise InputError(unreadable(spec.path, error)) from error
    model, report = loaded
    check_weights_fit(spec.path, model, report)
    return model.eval().requires_grad_(False)


def context_length(config: PreTrainedConfig) -> int | None:
    """Return the most tokens that a model takes, or None if positions are not bounded."""
    return getattr(config.get_text_config(), "max_position_embeddings", None)


def unreadable(path: str, error: Exception) -> str:
    """Say why weights cannot be read."""
    if isinstance(error, pickle.UnpicklingError):
        return (
            f"{path}: the weights hold pickled objects other than tensors, which could run code, "
            "and are refused; expected safetensors"
        )
    if where := exhausted(error):
        return f"{path}: does not fit into the memory of {where}; {SMALLER_MODEL}"
    return f"{path}: the weights cannot be read: {first_line(error)}"


def first_line(error: Exception) -> str:
    """Return the first line of an error's text, without a final full stop."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(". ")


def _check_place(path: str) -> None:
    folder = Path(path)
    if folder.is_dir():
        return
    if folder.exists():
        raise InputError(f"{path}: is a file; expected the folder of a checkpoint")
    if not _HUB_ID.fullmatch(path):
        raise InputError(f"{path}: no such folder")


def _check_own_code(
    spec: ModelSpec, kind: str | None, described: Mapping[str, Any], code: str
) -> None:
    mapped = described.get("auto_map", {})
    if code in mapped and "AutoConfig" in mapped:
        if not spec.trust_remote_code:
            raise InputError(
                f"{spec.path}: model_type {kind!r} needs the code that comes with the checkpoint; "
                "read it, then set trust_remote_code: true"
            )
        return
    raise InputError(
        f"{spec.path}: config.json names no architecture known to this version of transformers "
        f"(model_type: {kind!r})"
    )


def architecture(config: PreTrainedConfig) -> str:
    """Return the name of a configuration's architecture."""
    return " ".join(config.architectures or [config.model_type])


def _dtype(spec: ModelSpec, device: torch.device) -> torch.dtype | str:
    if spec.dtype == "auto":
        # Half precision is slow on CPUs, and float32 counts can be checked by hand.
        return torch.float32 if device.type == "cpu" and spec.device_map is None else "auto"
    if spec.dtype not in DTYPES:
        raise InputError(
            f"{spec.path}: dtype {spec.dtype!r}, expected auto or one of {' '.join(DTYPES)}"
        )
    return DTYPES[spec.dtype]


def check_weights_fit(path: str, model: PreTrainedModel, report: Mapping[str, Any]) -> None:
    """Refuse a checkpoint that lacks weights of a model, or has others, with an `InputError`."""
    missing = sorted(report["missing_keys"])
    if missing:
        raise InputError(
            f"{path}: the checkpoint lacks {_sample(missing)} of {type(model).__name__}, "
            "which would stay at random values"
        )
    # Surplus heads (a reward model's, say) change nothing; surplus weights inside the layers mean
    # that the checkpoint has a different architecture from the one its config names.
    surplus = sorted(key for key in report["unexpected_keys"] if re.search(r"\.\d+\.", key))
    if surplus:
        raise InputError(
            f"{path}: the checkpoint holds {_sample(surplus)}, for which "
            f"{type(model).__name__} has no place"
        )


def _sample(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
