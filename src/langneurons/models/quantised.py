"""Refuse quantised checkpoints where gradients are needed; nothing heavy is imported."""

from collections.abc import Mapping
from typing import Any

from langneurons.errors import InputError


def check_gradients(path: str, config: Mapping[str, Any], key: str) -> None:
    """Refuse a checkpoint whose weights are quantised.

    Parameters
    ----------
    path
        Of the checkpoint.
    config
        What its config.json holds.
    key
        The key of the configuration that needs gradients.

    Raises
    ------
    InputError
        If they are.
    """
    quantised = config.get("quantization_config")
    if quantised:
        kind = dict(quantised).get("quant_method", "of unknown kind")
        raise InputError(
            f"{path}: its weights are quantised ({kind}), but {key} needs gradients; "
            "expected a checkpoint that is not quantised, or the key left out"
        )
