"""Direct preference optimisation with LoRA (METHOD 5), through trl and peft."""

import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
from datasets import Dataset
from peft import LoraConfig
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    ProgressCallback,
)
from trl import DPOConfig, DPOTrainer

from langneurons.alignment.pairs import PAIRS, SPLITS
from langneurons.alignment.progress import ProgressBars
from langneurons.alignment.resuming import Saving, keep_only, last_saved
from langneurons.alignment.schema import TRAINING
from langneurons.artifacts.digests import table_digest
from langneurons.artifacts.progress import amount
from langneurons.artifacts.tables import read_table, write_table
from langneurons.errors import InputError
from langneurons.job import CONSOLE
from langneurons.models.loading import (
    architecture,
    context_length,
    load_model,
    load_skeleton,
)
from langneurons.models.memory import SMALLER_MODEL, lowering
from langneurons.models.spec import ModelSpec, state_of
from langneurons.responses.prompts import PLAIN, Prompts
from langneurons.responses.tokens import encode

logger = logging.getLogger(__name__)

#: Stands for every linear layer but the output embeddings.
ALL_LINEAR = "all-linear"
_METRICS = {"loss": "loss", "rewards/margins": "margin", "rewards/accuracies": "accuracy"}


def check_target_modules(spec: ModelSpec, target_modules: str | Sequence[str]) -> list[str]:
    """Return the names of the target modules, or say which one a model lacks.

    The model's architecture is built without weights, so that this is known before any work.

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
            f"alignment.training.target_modules: {spec.path} ({architecture(model.config)}) has "
            f"no module {lacking[0]!r}; expected {ALL_LINEAR} or some of {' '.join(sorted(ends))}"
        )
    return list(target_modules)


def align(
    pairs_path: str | Path,
    adapters: str | Path,
    training_output: str | Path,
    spec: ModelSpec,
    settings: Mapping[str, Any],
    code: Mapping[str, str] | None = None,
    template: str = PLAIN,
    progress: bool = True,
) -> None:
    """Train a LoRA adapter on preference pairs by DPO.

    Parameters
    ----------
    pairs_path
        A table of `langneurons.alignment.pairs.PAIRS`; its train split is trained on.
    adapters
        Folder that gets an adapter in ``step-{n}`` for each checkpoint and the last step. During
        training, ``{adapters}.training`` keeps what is needed to resume it.
    training_output
        A table of `langneurons.alignment.schema.TRAINING`.
    spec
        The model to align; with its adapter switched off, it is also the reference model.
    settings
        ``beta``; ``rank``, ``alpha``, ``dropout`` and ``target_modules`` of LoRA;
        ``learning_rate`` (falls linearly to 0), ``batch`` (pairs per step), ``micro_batch`` (pairs
        at a time), ``steps``, ``checkpoints`` (steps), ``logging_steps``, ``evaluation_steps``
        (of the dev split), ``gradient_checkpointing`` and ``seed``.
    code
        Digests of the code, so that training begun by another version is not resumed.
    template
        How the prompts were made, see `langneurons.responses.prompts.Prompts`; all texts are alike.
    progress
        Whether to show a progress bar on stderr.

    Raises
    ------
    InputError
        If there is nothing to train on, a pair is longer than the model's context, the tokenizer
        has no end-of-text token, a target module is absent, or the pairs at a time do not fit into
        memory.

    Notes
    -----
    If training is interrupted and started again with the same model, pairs, settings and code, it
    resumes from its last saved step, with the same result as without the interruption.
    """
    targets = check_target_modules(spec, settings["target_modules"])
    pairs = read_table(pairs_path, PAIRS)
    tokenizer = Prompts(template, spec).tokenizer
    if tokenizer.eos_token is None:
        raise InputError(f"{spec.path}: its tokenizer has no end-of-text token to end responses")
    logger.info(
        "trains %s steps of %d pairs, out of %s pairs in %d languages",
        amount(settings["steps"]),
        settings["batch"],
        amount((pairs["split"] == "train").sum()),
        pairs["language"].nunique(),
        extra=CONSOLE,
    )
    model = load_model(spec)
    _check_lengths(pairs_path, pairs, tokenizer, context_length(model.config))
    parts = {split: pairs[pairs["split"] == split] for split in SPLITS}
    if parts["train"].empty:
        raise InputError(
            f"{pairs_path}: all {len(pairs)} pairs are in the dev split, expected some to train "
            "on; a smaller alignment.pairs.dev_share or more questions may help"
        )
    folder = Path(f"{adapters}.training")
    facts = {
        "settings": dict(settings),
        **state_of(spec),
        "pairs": table_digest(pairs),
        "template": template,
        "code": dict(code or {}),
    }
    keep_only(folder, facts)
    thrifty = settings["gradient_checkpointing"]
    otherwise = SMALLER_MODEL if thrifty else "gradient_checkpointing: true may help"
    with lowering("alignment.training.micro_batch", settings["micro_batch"], otherwise):
        trainer = _trainer(model, tokenizer, parts, folder, targets, settings, progress)
        trainer.train(resume_from_checkpoint=last_saved(folder, settings["logging_steps"]))
    for step in _named_steps(settings):
        target = Path(adapters) / f"step-{step}"
        target.mkdir(parents=True, exist_ok=True)
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            shutil.copy(folder / f"checkpoint-{step}" / name, target / name)
    provenance = {
        "inputs": [str(pairs_path)],
        "model": asdict(spec),
        **settings,
        **{f"{split}_pairs": len(part) for split, part in parts.items()},
        "languages": list(pairs["language"].unique()),
    }
    write_table(_log_table(trainer.state.log_history), training_output, TRAINING, provenance)
    shutil.rmtree(folder)


def _has_matrix(module: Any) -> bool:
    weight = getattr(module, "weight", None)
    return weight is not None and weight.dim() == 2


def _check_lengths(
    path: str | Path, pairs: pd.DataFrame, tokenizer: PreTrainedTokenizerBase, context: int | None
) -> None:
    """Refuse pairs that do not fit: a truncated response would not be the one that was scored."""
    if context is None:
        return
    for side in ("chosen", "rejected"):
        texts = [
            prompt + response for prompt, response in zip(pairs["prompt"], pairs[side], strict=True)
        ]
        lengths = [len(ids) + 1 for ids in encode(tokenizer, texts)]
        longest = max(range(len(lengths)), key=lengths.__getitem__)
        if lengths[longest] > context:
            row = pairs.iloc[longest]
            raise InputError(
                f"{path}: problem {row['problem']!r}, language {row['language']}: prompt and "
                f"{side} response have {lengths[longest]} tokens, expected at most {context} (the "
                "model's context); a smaller alignment.sampling.max_new_tokens may help"
            )


def _named_steps(settings: Mapping[str, Any]) -> list[int]:
    return sorted({*settings["checkpoints"], settings["steps"]})


def _trainer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    parts: Mapping[str, pd.DataFrame],
    folder: Path,
    targets: list[str],
    settings: Mapping[str, Any],
    progress: bool,
) -> DPOTrainer:
    texts = ["prompt", "chosen", "rejected"]
    sets = {
        split: Dataset.from_dict(part[texts].to_dict("list")) if len(part) else None
        for split, part in parts.items()
    }
    on_cpu = model.device.type == "cpu"
    if on_cpu:  # when profiled, fused attention took half of the backward pass
        model.set_attn_implementation("eager")
    arguments = DPOConfig(
        output_dir=str(folder),
        beta=settings["beta"],
        max_steps=settings["steps"],
        learning_rate=settings["learning_rate"],
        per_device_train_batch_size=settings["micro_batch"],
        per_device_eval_batch_size=settings["micro_batch"],
        gradient_accumulation_steps=settings["batch"] // settings["micro_batch"],
        gradient_checkpointing=settings["gradient_checkpointing"],
        logging_steps=settings["logging_steps"],
        eval_strategy="no" if sets["dev"] is None else "steps",
        eval_steps=settings["evaluation_steps"],
        save_strategy="no",  # the callback saves
        # trl would switch off the adapter's dropout too; the reference has none anyway, since the
        # adapter is off there.
        disable_dropout=False,
        max_length=None,
        use_cpu=on_cpu,
        bf16=not on_cpu,
        seed=settings["seed"],
        data_seed=settings["seed"],
        disable_tqdm=not progress,
        report_to="none",
    )
    lora = LoraConfig(
        task_type="CAUSAL_LM",
        r=settings["rank"],
        lora_alpha=settings["alpha"],
        lora_dropout=settings["dropout"],
        target_modules=ALL_LINEAR if targets == [ALL_LINEAR] else targets,
    )
    trainer = DPOTrainer(
        model=model,
        args=arguments,
        train_dataset=sets["train"],
        eval_dataset=sets["dev"],
        processing_class=tokenizer,
        peft_config=lora,
        callbacks=[Saving(_named_steps(settings), settings["logging_steps"])],
    )
    trainer.remove_callback(ProgressCallback if progress else PrinterCallback)
    if progress:
        trainer.add_callback(ProgressBars)
    return trainer


def _log_table(history: Sequence[Mapping[str, float]]) -> pd.DataFrame:
    """The trainer's log as rows of `TRAINING`."""
    rows = []
    for entry in history:
        for split, prefix in zip(SPLITS, ("", "eval_"), strict=True):
            if f"{prefix}loss" in entry:
                values = {name: entry.get(prefix + key) for key, name in _METRICS.items()}
                rows.append({"step": entry["step"], "split": split, **values})
    return pd.DataFrame(rows, columns=TRAINING.names)
