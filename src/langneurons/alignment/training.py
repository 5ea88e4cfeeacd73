"""Direct preference optimisation with LoRA (METHOD 5), through trl and peft."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from datasets import Dataset
from peft import LoraConfig
from transformers import PreTrainedTokenizerBase
from trl import DPOConfig, DPOTrainer

from langneurons.alignment.lora import LoraTraining, demand_end
from langneurons.alignment.pairs import PAIRS
from langneurons.errors import InputError
from langneurons.models.loading import context_length, load_model
from langneurons.models.spec import ModelSpec
from langneurons.responses.prompts import PLAIN, Prompts
from langneurons.responses.tokens import encode


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
    adapters, training_output
        See `langneurons.alignment.lora.LoraTraining`.
    spec
        The model to align; with its adapter switched off, it is also the reference model.
    settings
        ``beta``, and those of `langneurons.alignment.lora.LoraTraining`.
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
    training = LoraTraining(
        pairs_path,
        PAIRS,
        adapters,
        training_output,
        spec,
        settings,
        section="alignment.training",
        dev_share="alignment.pairs.dev_share",
    )
    tokenizer = Prompts(template, spec).tokenizer
    demand_end(spec.path, tokenizer)
    model = load_model(spec)
    _check_lengths(pairs_path, training.pairs, tokenizer, context_length(model.config))

    def make(arguments: dict[str, Any], lora: LoraConfig) -> DPOTrainer:
        texts = ["prompt", "chosen", "rejected"]
        sets = {
            split: Dataset.from_dict(part[texts].to_dict("list")) if len(part) else None
            for split, part in training.parts.items()
        }
        # trl would switch off the adapter's dropout too; the reference has none anyway, since the
        # adapter is off there.
        config = DPOConfig(
            beta=settings["beta"], disable_dropout=False, max_length=None, **arguments
        )
        return DPOTrainer(
            model=model,
            args=config,
            train_dataset=sets["train"],
            eval_dataset=sets["dev"],
            processing_class=tokenizer,
            peft_config=lora,
        )

    facts = {"template": template, "code": dict(code or {})}
    training.run(model, make, facts, {}, progress)


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
