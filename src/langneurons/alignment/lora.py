"""What the trainings of LoRA adapters have in common: their data, settings, checkpoints and log."""

import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from peft import LoraConfig
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    ProgressCallback,
    Trainer,
)

from langneurons.alignment.progress import ProgressBars
from langneurons.alignment.resuming import Saving, keep_only, last_saved
from langneurons.alignment.schema import TRAINING
from langneurons.alignment.splits import SPLITS
from langneurons.artifacts.digests import table_digest
from langneurons.artifacts.progress import amount
from langneurons.artifacts.tables import read_table, write_table
from langneurons.errors import InputError
from langneurons.job import CONSOLE
from langneurons.models.loading import architecture, load_skeleton
from langneurons.models.memory import SMALLER_MODEL, lowering
from langneurons.models.spec import ModelSpec, state_of

logger = logging.getLogger(__name__)

#: Stands for every linear layer but the output embeddings.
ALL_LINEAR = "all-linear"
#: Schedule of the learning rate → its name in transformers.
SCHEDULES = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}
_METRICS = {"loss": "loss", "rewards/margins": "margin", "rewards/accuracies": "accuracy"}

#: Makes a trainer from the arguments that all trainings share and the adapter's configuration.
Making = Callable[[dict[str, Any], LoraConfig], Trainer]


def check_target_modules(
    spec: ModelSpec, target_modules: str | Sequence[str], key: str = "target_modules"
) -> list[str]:
    """Return the names of the target modules, or say which one a model lacks.

    The model's architecture is built without weights, so that this is known before any work.
    ``key`` is the key in the configuration.

    Raises
    ------
    InputError
        If no module of the model has one of the names, or the model cannot be built.
    """
    if target_modules == ALL_LINEAR:
        return [ALL_LINEAR]
    model = load_skeleton(spec)
    ends = {name.rpartition(".")[2] for name, part in model.named_modules() if _has_matrix(part)}
    lacking = [name for name in target_modules if name not in ends]
    if lacking:
        raise InputError(
            f"{key}: {spec.path} ({architecture(model.config)}) has "
            f"no module {lacking[0]!r}; expected {ALL_LINEAR} or some of {' '.join(sorted(ends))}"
        )
    return list(target_modules)


class LoraTraining:
    """One training of an adapter, from its pairs to its checkpoints and its log.

    To make one says on the console what will be trained.

    Parameters
    ----------
    pairs_path, schema
        A table of pairs with the columns ``split`` and ``language``.
    adapters
        Folder that gets an adapter in ``step-{n}`` for each checkpoint and the last step. During
        training, ``{adapters}.training`` keeps what is needed to resume it.
    training_output
        A table of `langneurons.alignment.schema.TRAINING`.
    spec
        The model that gets an adapter.
    settings
        ``rank``, ``alpha``, ``dropout`` and ``target_modules`` of LoRA; ``learning_rate``, the
        highest, ``schedule`` (one of `SCHEDULES`: how it falls to 0, if it does) and
        ``warmup_steps`` (in which it rises from 0); ``batch`` (pairs per step), ``micro_batch``
        (pairs at a time), ``steps``, ``checkpoints`` (steps), ``logging_steps``,
        ``evaluation_steps`` (of the dev split), ``gradient_checkpointing`` and ``seed``.
    section, dev_share
        The section of the configuration with the settings, and the key of the dev split's size.

    Raises
    ------
    InputError
        If a target module is absent, or there is nothing to train on.
    """

    def __init__(
        self,
        pairs_path: str | Path,
        schema: pa.Schema,
        adapters: str | Path,
        training_output: str | Path,
        spec: ModelSpec,
        settings: Mapping[str, Any],
        section: str,
        dev_share: str,
    ) -> None:
        key = f"{section}.target_modules"
        self._targets = check_target_modules(spec, settings["target_modules"], key)
        #: All pairs.
        self.pairs = pairs = read_table(pairs_path, schema)
        #: Split → its pairs.
        self.parts = {split: pairs[pairs["split"] == split] for split in SPLITS}
        self._path, self._adapters, self._output = pairs_path, Path(adapters), training_output
        self._spec, self._settings, self._section = spec, settings, section
        if self.parts["train"].empty:
            raise InputError(
                f"{pairs_path}: all {len(pairs)} pairs are in the dev split, expected some to "
                f"train on; a smaller {dev_share} or more questions may help"
            )
        logger.info(
            "trains %s steps of %d pairs, out of %s pairs in %d languages",
            amount(settings["steps"]),
            settings["batch"],
            amount(len(self.parts["train"])),
            pairs["language"].nunique(),
            extra=CONSOLE,
        )

    def run(
        self,
        model: PreTrainedModel,
        make: Making,
        facts: Mapping[str, Any],
        provenance: Mapping[str, Any],
        progress: bool,
    ) -> None:
        """Train, or go on where a training with the same facts was interrupted.

        Parameters
        ----------
        model
            The model, loaded.
        make
            Makes the trainer.
        facts
            What decides the result beside the model, the pairs and the settings.
        provenance
            What is to stand in the log's provenance beside them.
        progress
            Whether to show a progress bar on stderr.

        Raises
        ------
        InputError
            If the pairs at a time do not fit into memory.
        """
        settings = self._settings
        folder = Path(f"{self._adapters}.training")
        deciding = {
            "settings": dict(settings),
            **state_of(self._spec),
            "pairs": table_digest(self.pairs),
            **facts,
        }
        keep_only(folder, deciding)
        thrifty = settings["gradient_checkpointing"]
        otherwise = SMALLER_MODEL if thrifty else "gradient_checkpointing: true may help"
        on_cpu = model.device.type == "cpu"
        if on_cpu:  # when profiled, fused attention took half of the backward pass
            model.set_attn_implementation("eager")
        with lowering(f"{self._section}.micro_batch", settings["micro_batch"], otherwise):
            trainer = make(self._arguments(folder, on_cpu, progress), self._lora())
            trainer.add_callback(Saving(self._named_steps(), settings["logging_steps"]))
            trainer.remove_callback(ProgressCallback if progress else PrinterCallback)
            if progress:
                trainer.add_callback(ProgressBars)
            trainer.train(resume_from_checkpoint=last_saved(folder, settings["logging_steps"]))
        for step in self._named_steps():
            target = self._adapters / f"step-{step}"
            target.mkdir(parents=True, exist_ok=True)
            for name in ("adapter_config.json", "adapter_model.safetensors"):
                shutil.copy(folder / f"checkpoint-{step}" / name, target / name)
        facts_of_log = {
            "inputs": [str(self._path)],
            "model": asdict(self._spec),
            **settings,
            **{f"{split}_pairs": len(part) for split, part in self.parts.items()},
            "languages": list(self.pairs["language"].unique()),
            **provenance,
        }
        write_table(_log_table(trainer.state.log_history), self._output, TRAINING, facts_of_log)
        shutil.rmtree(folder)

    def _named_steps(self) -> list[int]:
        return sorted({*self._settings["checkpoints"], self._settings["steps"]})

    def _arguments(self, folder: Path, on_cpu: bool, progress: bool) -> dict[str, Any]:
        """Return arguments of a trainer's configuration."""
        settings = self._settings
        return {
            "output_dir": str(folder),
            "max_steps": settings["steps"],
            "learning_rate": settings["learning_rate"],
            "lr_scheduler_type": SCHEDULES[settings["schedule"]],
            "warmup_steps": settings["warmup_steps"],
            "per_device_train_batch_size": settings["micro_batch"],
            "per_device_eval_batch_size": settings["micro_batch"],
            "gradient_accumulation_steps": settings["batch"] // settings["micro_batch"],
            "gradient_checkpointing": settings["gradient_checkpointing"],
            # The other kind needs inputs with gradients, which frozen embeddings do not give.
            "gradient_checkpointing_kwargs": {"use_reentrant": False},
            "logging_steps": settings["logging_steps"],
            "eval_strategy": "no" if self.parts["dev"].empty else "steps",
            "eval_steps": settings["evaluation_steps"],
            "save_strategy": "no",  # the callback saves
            "use_cpu": on_cpu,
            "bf16": not on_cpu,
            "seed": settings["seed"],
            "data_seed": settings["seed"],
            "disable_tqdm": not progress,
            "report_to": "none",
        }

    def _lora(self) -> LoraConfig:
        targets = self._targets
        return LoraConfig(
            task_type="CAUSAL_LM",
            r=self._settings["rank"],
            lora_alpha=self._settings["alpha"],
            lora_dropout=self._settings["dropout"],
            target_modules=ALL_LINEAR if targets == [ALL_LINEAR] else targets,
        )


def demand_end(path: str, tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse a tokenizer that cannot say where a text ends with an `InputError`."""
    if tokenizer.eos_token is None:
        raise InputError(f"{path}: its tokenizer has no end-of-text token to end responses")


def _has_matrix(module: Any) -> bool:
    weight = getattr(module, "weight", None)
    return weight is not None and weight.dim() == 2


def _log_table(history: Sequence[Mapping[str, float]]) -> pd.DataFrame:
    """The trainer's log as rows of `TRAINING`."""
    rows = []
    for entry in history:
        for split, prefix in zip(SPLITS, ("", "eval_"), strict=True):
            if f"{prefix}loss" in entry:
                values = {name: entry.get(prefix + key) for key, name in _METRICS.items()}
                rows.append({"step": entry["step"], "split": split, **values})
    return pd.DataFrame(rows, columns=TRAINING.names)
