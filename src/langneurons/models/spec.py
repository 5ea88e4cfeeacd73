"""Which checkpoint to load, and onto which device."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import torch

from langneurons.artifacts.digests import checkpoint_state
from langneurons.errors import InputError

DTYPES = {name: getattr(torch, name) for name in ("float16", "bfloat16", "float32", "float64")}
_PLACEMENT = ("device", "device_map")


@dataclass(frozen=True)
class ModelSpec:
    """Which checkpoint to load, and how; the keys of a model in the configuration."""

    path: str
    """Folder of the checkpoint, or its id on the Hugging Face hub."""
    revision: str | None = None
    """Branch, tag or commit of a hub model; a commit makes a run repeatable."""
    tokenizer: str | None = None
    """Folder or hub id of the tokenizer, if it is not the checkpoint's own."""
    trust_remote_code: bool = False
    """Run the code that comes with the checkpoint."""
    dtype: str = "auto"
    """One of `DTYPES`; ``auto`` is float32 on a CPU, otherwise the dtype of the checkpoint."""
    device: str = "auto"
    """A torch device; ``auto`` is the first available of cuda, mps, cpu."""
    device_map: str | None = None
    """``auto`` spreads a model that is larger than one GPU over all GPUs."""

    @classmethod
    def from_config(cls, mapping: Mapping[str, Any]) -> "ModelSpec":
        """Make a spec from a model's keys in the configuration.

        Raises
        ------
        InputError
            If a key is unknown, ``path`` is absent, or a value has the wrong type.
        """
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(mapping) - known)
        if unknown:
            raise InputError(f"unknown model keys {unknown}; expected some of {sorted(known)}")
        if "path" not in mapping:
            raise InputError(f"a model needs the key 'path'; found {dict(mapping)}")
        for key, value in mapping.items():
            expected = bool if key == "trust_remote_code" else str
            optional = key in ("revision", "tokenizer", "device_map") and value is None
            if not isinstance(value, expected) and not optional:
                raise InputError(
                    f"model key {key!r}: found {value!r}, expected a {expected.__name__}"
                )
        return cls(**mapping)

    def deciding(self) -> dict[str, Any]:
        """Return what results depend on: all but where the model is placed."""
        return {key: value for key, value in asdict(self).items() if key not in _PLACEMENT}


def state_of(spec: ModelSpec) -> dict[str, Any]:
    """Return what tells results of a model from those of others, and of earlier ones in its folder.

    The values are JSON-serialisable.
    """
    return {
        "model": spec.deciding(),
        "checkpoint": checkpoint_state(spec.path),
        "tokenizer": checkpoint_state(spec.tokenizer) if spec.tokenizer else [],
    }


def resolve_device(device: str) -> torch.device:
    """Return the torch device of a spec's ``device``.

    Raises
    ------
    InputError
        If it is not a device name, or names an accelerator that is not available.
    """
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    if device == "auto":
        found = "cpu" if accelerator is None else accelerator.type
        return torch.device(found if found in ("cuda", "mps") else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError:
        raise InputError(f"device {device!r}: expected auto, cpu, cuda, cuda:N or mps") from None
    if chosen.type == "cpu":
        return chosen
    found = accelerator.type if accelerator is not None else "none"
    count = torch.accelerator.device_count() if chosen.type == found else 0
    if (chosen.index or 0) >= count:
        raise InputError(
            f"device {device!r} was asked for, but torch {torch.__version__} finds "
            f"{count} {chosen.type} devices here (accelerator: {found})"
        )
    return chosen
