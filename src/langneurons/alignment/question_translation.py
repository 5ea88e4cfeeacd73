"""Supervised training to translate questions, with LoRA (METHOD 11), through peft."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pandas as pd
import torch
from peft import LoraConfig, PeftMixedModel, PeftModel, get_peft_model
from torch import Tensor, nn
from torch.utils.data import DataLoader
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Trainer,
    TrainingArguments,
    set_seed,
)
from transformers.trainer_utils import EvalLoopOutput

from langneurons.alignment.lora import LoraTraining, demand_end
from langneurons.alignment.translations import TRANSLATIONS
from langneurons.artifacts.tables import read_provenance
from langneurons.errors import InputError
from langneurons.models.head import Head
from langneurons.models.loading import context_length, load_model, load_tokenizer
from langneurons.models.probing import decoder_of
from langneurons.models.spec import ModelSpec
from langneurons.responses.schemas import row_name
from langneurons.responses.tokens import tokenize

_SECTION = "alignment.question_translation"
_UNSCORED = -100  # in the place of a target; transformers' trainers count the others


def train_translation(
    pairs_path: str | Path,
    adapters: str | Path,
    training_output: str | Path,
    spec: ModelSpec,
    settings: Mapping[str, Any],
    code: Mapping[str, str] | None = None,
    progress: bool = True,
) -> None:
    """Train a LoRA adapter to write each target, and where it ends, after its prompt.

    The loss is the mean NLL of the targets' tokens and end tokens, of a step's pairs together: a
    long target counts for more than a short one.

    Parameters
    ----------
    pairs_path
        A table of `langneurons.alignment.translations.TRANSLATIONS`; its train split is trained on.
    adapters, training_output, settings
        See `langneurons.alignment.lora.LoraTraining`; ``loss`` of the dev split is the mean over
        all of its tokens.
    spec
        The model to align.
    code
        Digests of the code, so that training begun by another version is not resumed.
    progress
        Whether to show a progress bar on stderr.

    Raises
    ------
    InputError
        If there is nothing to train on, a pair is longer than the model's context, the tokenizer
        has no end-of-text token, a target module is absent, the model's logits cannot be computed
        from its last states, or the pairs at a time do not fit into memory.

    Notes
    -----
    An interrupted training is resumed, see `langneurons.alignment.training.align`.
    """
    training = LoraTraining(
        pairs_path,
        TRANSLATIONS,
        adapters,
        training_output,
        spec,
        settings,
        section=_SECTION,
        dev_share=f"{_SECTION}.dev_share",
    )
    tokenizer = load_tokenizer(spec)
    demand_end(spec.path, tokenizer)
    model = load_model(spec)
    context = context_length(decoder_of(model).config)
    try:
        sets = {
            split: _encode(part, tokenizer, context) if len(part) else None
            for split, part in training.parts.items()
        }
    except InputError as error:
        raise InputError(f"{pairs_path}: {error}") from None

    def make(arguments: dict[str, Any], lora: LoraConfig) -> Trainer:
        set_seed(settings["seed"])  # of the adapter; the trainer sets that of what follows
        return _Trainer(
            model=get_peft_model(model, lora),
            args=TrainingArguments(remove_unused_columns=False, **arguments),
            train_dataset=sets["train"],
            eval_dataset=sets["dev"],
            data_collator=_collate,
        )

    made = read_provenance(pairs_path)
    provenance = {key: made.get(key) for key in ("direction", "pivot", "control", "control_seed")}
    training.run(model, make, {"code": dict(code or {})}, provenance, progress)


@dataclass(frozen=True)
class _Sequence:
    """Tokens of a prompt and a target, its end included."""

    ids: Tensor
    """int64, (tokens,)."""
    begin: int
    """The first token of the target."""


def _encode(
    pairs: pd.DataFrame, tokenizer: PreTrainedTokenizerBase, context: int | None
) -> list[_Sequence]:
    """Return the tokens of pairs, as responses are tokenised elsewhere; refuse what is too long."""
    texts = pairs.rename(columns={"target": "response"}).assign(sample=0)
    tokens = tokenize(texts, tokenizer, context_length=None)
    end = tokenizer.eos_token_id
    sequences = []
    for place, row in enumerate(tokens.itertuples()):
        ids = torch.tensor([*row.prompt_tokens, *row.response_tokens, end], dtype=torch.int64)
        if context is not None and len(ids) > context:
            pair = pairs.iloc[place]
            raise InputError(
                f"{row_name(pair)}, into {pair['target_language']}: prompt, target and end token "
                f"are {len(ids)} tokens, expected at most {context} (the model's context); "
                "shorter questions may help"
            )
        sequences.append(_Sequence(ids, len(row.prompt_tokens)))
    return sequences


def _collate(sequences: Sequence[_Sequence]) -> dict[str, Tensor]:
    """Pad sequences on the right, where no token sees the padding: the model is causal."""
    longest = max(len(sequence.ids) for sequence in sequences)
    ids = torch.zeros(len(sequences), longest, dtype=torch.int64)
    labels = torch.full_like(ids, _UNSCORED)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence.ids)] = sequence.ids
        # Nothing predicts the first token of a text.
        begin = max(1, sequence.begin)
        labels[row, begin : len(sequence.ids)] = sequence.ids[begin:]
    return {"input_ids": ids, "labels": labels}


class _Trainer(Trainer):
    """A trainer whose loss needs logits at the targets only.

    The vocabulary may be large: the logits of a whole batch may take more memory than the model.
    """

    def __init__(self, model: PeftModel | PeftMixedModel, **arguments: Any) -> None:
        super().__init__(model=model.eval(), **arguments)
        # The adapter's layers are in place in the model that it was put around.
        self._base = cast(PreTrainedModel, model.get_base_model())
        self._head = Head(self._base)
        self.model_accepts_loss_kwargs = True  # so that all tokens of a step are counted

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor:
        """Return the sum of the targets' NLL over the number of tokens in the whole step."""
        assert num_items_in_batch is not None
        return self._nll(inputs) / num_items_in_batch

    def evaluation_loop(
        self,
        dataloader: DataLoader[Any],
        description: str,
        prediction_loss_only: bool | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> EvalLoopOutput:
        """Measure the mean NLL of all target tokens; trainers take the mean of batches' means."""
        self._base.eval()
        self.callback_handler.eval_dataloader = dataloader
        total, count = 0.0, 0
        for batch in dataloader:
            with torch.no_grad():
                total += float(self._nll(self._prepare_inputs(batch)))
            count += int((batch["labels"] != _UNSCORED).sum())
            self.control = self.callback_handler.on_prediction_step(
                self.args, self.state, self.control
            )
        metrics = {f"{metric_key_prefix}_loss": total / count}
        size = len(dataloader.dataset)  # type: ignore[arg-type]  # a list
        return EvalLoopOutput(None, None, metrics, size)  # type: ignore[arg-type]  # no predictions

    def _nll(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the sum of the targets' NLL."""
        targets = inputs["labels"][:, 1:]
        scored = targets != _UNSCORED
        # Trainers leave this to the model that they wrap, whose own forward is not run here.
        with self.accelerator.autocast():
            # No attention mask: see `_collate`.
            outputs = decoder_of(self._base)(input_ids=inputs["input_ids"], use_cache=False)
            states = outputs[0][:, :-1]
            states = states[scored.to(states.device)]  # (scored tokens, hidden)
            loss = self._head.total_loss(states, targets[scored])
        return loss.to(targets.device)
