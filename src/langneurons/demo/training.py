"""The recipe of the demo's base model, which knows its languages unequally well.

It sees much English, less of six other languages, and little Bengali, Thai and Swahili; it learns
only the responses.
"""

import logging
import random
from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import torch
from torch import nn
from transformers import (
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from langneurons.artifacts.progress import Progress, amount
from langneurons.corpora.generated import generate
from langneurons.demo.accuracy import measure_accuracy
from langneurons.demo.tokenizer import train_tokenizer
from langneurons.job import CONSOLE

logger = logging.getLogger(__name__)

WEIGHT_DECAY = 0.1
GRADIENT_NORM = 1.0
IGNORED = -100  # the label that cross_entropy ignores
BATCHES_SORTED = 50  # batches drawn at once, so that texts of similar length share a batch

Report = Callable[[int, PreTrainedModel], None]
Text = TypeVar("Text", bound=Sized)


@dataclass(frozen=True)
class Schedule:
    """How long a model is trained, and how fast.

    ``warm_up`` and ``cool_down`` are shares of ``steps``: the learning rate rises linearly from 0,
    stays constant, and falls linearly to 0. ``batch`` counts problems.
    """

    steps: int
    batch: int
    learning_rate: float
    warm_up: float
    cool_down: float

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        risen = (step + 1) / max(1.0, self.warm_up * self.steps)
        left = (self.steps - step) / max(1.0, self.cool_down * self.steps)
        return self.learning_rate * min(1.0, risen, left)


@dataclass(frozen=True)
class Example:
    """A prompt with its response: token ids, and how many of them are the prompt's."""

    ids: list[int]
    prompt_tokens: int

    def __len__(self) -> int:
        return len(self.ids)


def train_demo(settings: dict[str, Any], folder: Path, report: Report | None = None) -> None:
    """Train the demo's base model and measure it, as ``config/train_demo.yaml`` says.

    Parameters
    ----------
    settings
        The content of that file.
    folder
        Gets ``base/`` (see `save`), ``accuracy.csv`` (the columns of `measure_accuracy`) and
        ``losses.csv`` (step, loss: mean training loss in nats).
    report
        Called with the number of steps done and the model, after every step.

    Raises
    ------
    InputError
        If `settings` asks for an unknown language or for more problems than there are.
    """
    folder, prompt, seed = Path(folder), settings["prompt"], settings["seed"]
    languages = list(settings["base"]["languages"])
    tokenizer = train_tokenizer(
        training_texts(languages, settings["tokenizer"]["problems"], prompt, seed),
        settings["tokenizer"]["entries"],
        settings["model"]["context"],
    )
    base = make_model(tokenizer, **settings["model"], seed=seed)
    logger.info("base: %d parameters", base.num_parameters())
    losses = train_stage(base, tokenizer, settings["base"], prompt, seed, report)
    save(base, tokenizer, folder / "base")
    steps = pd.DataFrame({"step": range(1, len(losses) + 1), "loss": losses})
    steps.to_csv(folder / "losses.csv", index=False)
    problems = settings["evaluation"]["problems"]
    accuracy = measure_accuracy(folder / "base", languages, problems, prompt, seed)
    accuracy.to_csv(folder / "accuracy.csv", index=False)
    logger.info("accuracy\n%s", accuracy.to_string(index=False))


def training_texts(languages: list[str], problems: int, prompt: str, seed: int) -> Iterator[str]:
    """The texts of the first training problems in all languages, prompt and response together."""
    corpus = generate(languages, "training", problems, seed)
    for question, responses in zip(corpus["question"], corpus["responses"], strict=True):
        yield prompt.format(query=question) + responses[0]


def make_model(
    tokenizer: PreTrainedTokenizerBase,
    layers: int,
    hidden: int,
    intermediate: int,
    heads: int,
    key_value_heads: int,
    context: int,
    seed: int,
) -> MistralForCausalLM:
    """A Mistral model with fresh weights, in float32."""
    torch.manual_seed(seed)
    config = MistralConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=intermediate,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=key_value_heads,
        head_dim=hidden // heads,
        max_position_embeddings=context,
        sliding_window=None,
        tie_word_embeddings=True,
        # Mistral's 0.02 suits widths of thousands; a narrow model starts learning sooner at 0.05.
        initializer_range=0.05,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return MistralForCausalLM(config)


def train_stage(
    model: MistralForCausalLM,
    tokenizer: PreTrainedTokenizerBase,
    stage: dict[str, Any],
    prompt: str,
    seed: int,
    report: Report | None = None,
) -> list[float]:
    """Train a model in place on one stage of the settings; return the loss of every step (nats)."""
    stage = dict(stage)
    languages = stage.pop("languages")
    schedule = Schedule(**stage)
    examples = {
        language: encode(tokenizer, language, entry["problems"], prompt, seed)
        for language, entry in languages.items()
    }
    shares = {language: entry["share"] for language, entry in languages.items()}
    batches = draw_batches(examples, shares, schedule, seed)

    def loss(batch: list[Example]) -> torch.Tensor:
        return response_loss(model, *pad_batch(batch, tokenizer.pad_token_id))

    return train(model, batches, schedule, loss, report)


def encode(
    tokenizer: PreTrainedTokenizerBase, language: str, problems: int, prompt: str, seed: int
) -> list[Example]:
    """The first training problems of a language as token ids, each followed by the end token."""
    corpus = generate([language], "training", problems, seed)
    prompts = tokenizer([prompt.format(query=query) for query in corpus["question"]])["input_ids"]
    responses = tokenizer([texts[0] for texts in corpus["responses"]])["input_ids"]
    return [
        Example(before + after + [tokenizer.eos_token_id], len(before))
        for before, after in zip(prompts, responses, strict=True)
    ]


def draw_batches(
    examples: dict[str, list[Text]], shares: dict[str, float], schedule: Schedule, seed: int
) -> Iterator[list[Text]]:
    """Draw batches: languages in proportion to their shares, texts of similar length together."""
    chance = random.Random(seed)
    languages, weights = list(examples), [shares[language] for language in examples]
    for start in range(0, schedule.steps, BATCHES_SORTED):
        batches = min(BATCHES_SORTED, schedule.steps - start)
        drawn = chance.choices(languages, weights, k=batches * schedule.batch)
        pool = sorted((chance.choice(examples[language]) for language in drawn), key=len)
        cuts = list(range(0, len(pool), schedule.batch))
        chance.shuffle(cuts)
        yield from (pool[cut : cut + schedule.batch] for cut in cuts)


def train(
    model: PreTrainedModel,
    batches: Iterator[list[Text]],
    schedule: Schedule,
    batch_loss: Callable[[list[Text]], torch.Tensor],
    report: Report | None = None,
) -> list[float]:
    """The training loop: AdamW on the loss of each batch; returns every step's loss (nats)."""
    matrices = [weight for weight in model.parameters() if weight.ndim > 1]
    scales = [weight for weight in model.parameters() if weight.ndim == 1]
    groups: list[dict[str, Any]] = [
        {"params": matrices, "weight_decay": WEIGHT_DECAY},
        {"params": scales},
    ]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    # The fastest attention in bfloat16 on a CPU, for texts as short as ours.
    model.set_attn_implementation("eager")
    model.train()
    logger.info(
        "trains %s steps of %d problems", amount(schedule.steps), schedule.batch, extra=CONSOLE
    )
    losses = []
    with Progress(schedule.steps, "step", "training") as bar:
        for step, batch in enumerate(batches):
            for group in optimizer.param_groups:
                group["lr"] = schedule.rate(step)
            loss = batch_loss(batch)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), GRADIENT_NORM)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            bar.update(note=f"loss={sum(losses[-50:]) / len(losses[-50:]):.4f}")
            if report:
                report(step + 1, model)
    return losses


def pad_batch(batch: list[Example], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and labels of a batch, both (B, T); labels of prompt and padding are `IGNORED`."""
    longest = max(map(len, batch))
    ids = torch.full((len(batch), longest), pad)
    labels = torch.full((len(batch), longest), IGNORED)
    for row, example in enumerate(batch):
        tokens = torch.tensor(example.ids)
        ids[row, : len(tokens)] = tokens
        labels[row, example.prompt_tokens : len(tokens)] = tokens[example.prompt_tokens :]
    return ids, labels


def response_loss(
    model: MistralForCausalLM, ids: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """Mean negative log-likelihood of the response tokens (nats), in bfloat16 arithmetic.

    Padding is on the right, where a causal model does not see it, so no mask is needed.
    """
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state  # (B, T, H)
        predicted = labels[:, 1:] != IGNORED  # (B, T-1)
        logits = model.lm_head(hidden[:, :-1][predicted])  # (response tokens, V)
    return nn.functional.cross_entropy(logits.float(), labels[:, 1:][predicted])


def save(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Save a copy of a model in bfloat16, beside its tokenizer."""
    copy = type(model)(model.config)
    copy.load_state_dict(model.state_dict())
    copy.bfloat16().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
