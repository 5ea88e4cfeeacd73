"""Plain checkpoints of aligned models: adapters merged into the weights they were trained on."""

import json
import logging
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel, get_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from safetensors import safe_open
from torch import Tensor
from torch.linalg import vector_norm
from transformers import PreTrainedModel

from langneurons.artifacts.atomic import atomic_folder
from langneurons.errors import InputError
from langneurons.models.loading import first_line, load_model, load_tokenizer
from langneurons.models.schema import MERGED
from langneurons.models.spec import DTYPES, ModelSpec

logger = logging.getLogger(__name__)

_TOLERATED = 0.01  # share of an update that rounding may change


def merge_adapter(
    spec: ModelSpec,
    adapters: str | Path,
    step: int,
    output: str | Path,
    dtype: str = "float32",
) -> None:
    """Write a model with an adapter merged into it, which loads like any other checkpoint.

    The adapter is added in float32, whatever numbers the model has.

    Parameters
    ----------
    spec
        The model that the adapter was trained on.
    adapters, step
        Folder of an alignment's adapters, and the training step of the adapter to merge.
    output
        Folder of the checkpoint: weights in safetensors, configuration and tokenizer, and in
        ``alignment.json`` the ``update_norm`` ‖ΔW‖ of the adapter over all matrices together, the
        ``merge_error`` ‖merged − W − ΔW‖ / ‖ΔW‖, ``step`` and ``base``. It appears once everything
        is written.
    dtype
        Numbers of the checkpoint, a key of `langneurons.models.spec.DTYPES`.

    Raises
    ------
    InputError
        If the adapter is of another model, or numbers smaller than float32 lose more than 1 % of
        the update.
    """
    folder = Path(adapters) / f"step-{step}"
    _check_base(folder, spec)
    adapted = _adapted(load_model(spec), folder, spec)
    update, error = _merge(adapted, DTYPES[dtype])
    if error > _TOLERATED and dtype != "float32":
        raise InputError(
            f"alignment.merge_dtype: {dtype} changes {error:.1%} of what {folder} adds to "
            f"{spec.path}, expected at most {_TOLERATED:.0%}; float32 holds smaller updates"
        )
    if error > _TOLERATED:
        logger.warning("%s: rounding changes %.1f %% of the update", folder, 100 * error)
    model = adapted.unload().to(DTYPES[dtype])
    facts = {"update_norm": update, "merge_error": error, "step": step, "base": spec.path}
    with atomic_folder(output) as checkpoint:
        model.save_pretrained(checkpoint)
        load_tokenizer(spec).save_pretrained(checkpoint)
        (checkpoint / MERGED).write_text(json.dumps(facts) + "\n", encoding="utf-8")


def _check_base(folder: Path, spec: ModelSpec) -> None:
    described = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    base = described["base_model_name_or_path"]
    if base != spec.path:
        raise InputError(
            f"{folder}: the adapter was trained on {base}, expected {spec.path}; train it again"
        )


def _adapted(model: PreTrainedModel, folder: Path, spec: ModelSpec) -> PeftModel:
    """Return a model with an adapter, or say why the two do not fit."""
    try:
        adapted = PeftModel.from_pretrained(model, str(folder))
    except (ValueError, RuntimeError) as error:
        mismatches = [line.strip() for line in str(error).splitlines() if "mismatch" in line]
        reason = mismatches[0] if mismatches else first_line(error)
        raise InputError(f"{folder}: the adapter does not fit {spec.path}: {reason}") from None
    # Of these peft would only warn.
    with safe_open(folder / "adapter_model.safetensors", framework="pt") as file:
        found = {name for name in file.keys() if "lora_" in name}  # noqa: SIM118  (no iterator)
    odd = sorted(found ^ set(get_peft_model_state_dict(adapted, save_embedding_layers=False)))
    if odd:
        raise InputError(
            f"{folder}: the adapter does not fit {spec.path}: only one of them has {odd[0]!r}, "
            "expected the same modules"
        )
    return adapted


@torch.no_grad()
def _merge(adapted: PeftModel, dtype: torch.dtype) -> tuple[float, float]:
    """Add the adapter to the weights, in place, matrix by matrix.

    Returns
    -------
    tuple of float
        ‖ΔW‖ and ‖merged − W − ΔW‖ / ‖ΔW‖ (0 without a change), over all matrices together.
    """
    squares = torch.zeros(2, dtype=torch.float64)
    for module in adapted.modules():
        if isinstance(module, LoraLayer):
            layer: Any = module  # each kind of layer has these, their common class does not
            weight: Tensor = layer.get_base_layer().weight
            before = weight.data.float()
            change: Tensor = layer.get_delta_weight("default").float()
            weight.data = (before + change).to(dtype)
            lost = weight.data.float() - before - change
            for place, numbers in enumerate((change, lost)):
                squares[place] += vector_norm(numbers, dtype=torch.float64).cpu() ** 2
    update, error = squares.sqrt().tolist()
    return update, error / update if update else 0.0
