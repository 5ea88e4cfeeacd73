"""The recipe of the demo's translation model, a tiny NLLB-200 for the generator's responses.

Its task is to tell true translations of a response from false ones. So it must copy numbers, not
compute them: in a share of its pairs the numbers are random, but the same in both languages.
"""

import json
import logging
import random
import re
import string
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
from torch import nn
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    NllbTokenizer,
    PreTrainedTokenizerBase,
)

from langneurons.corpora.generated import Problem, choose, write
from langneurons.demo.ranking import measure_ranking
from langneurons.demo.training import IGNORED, Report, Schedule, draw_batches, save, train

logger = logging.getLogger(__name__)

PIVOT = "en"
# As in NLLB: a word includes the space before it.
WORDS = Regex(r"▁?[\p{L}\p{M}]+|▁?[^▁\p{L}\p{M}]+|▁")
LONGEST_TOKEN = 10  # characters; longer tokens would join names and items
RANDOM_NUMBERS = 200  # numbers of scrambled pairs are below this


@dataclass(frozen=True)
class Pair:
    """A text and its translation, as token ids with language codes and end tokens."""

    source: list[int]
    target: list[int]

    def __len__(self) -> int:
        return len(self.source) + len(self.target)


def train_translation(
    settings: dict[str, Any], seed: int, folder: Path, report: Report | None = None
) -> None:
    """Train the demo's translation model and measure it, as ``config/train_demo.yaml`` says.

    Parameters
    ----------
    settings
        The section ``translation`` of that file.
    seed
        The file's seed.
    folder
        Gets ``translation/`` (see `langneurons.demo.training.save`), ``translation.csv`` (the
        columns of `measure_ranking`) and ``translation_losses.csv`` (step, loss: mean training
        loss in nats).
    report
        Called with the number of steps done and the model, after every step.
    """
    folder, codes = Path(folder), settings["codes"]
    problems = choose("training", settings["problems"], seed)
    tokenizer = train_tokenizer(
        (
            write(problem, language, text)
            for problem in problems[: settings["tokenizer"]["problems"]]
            for language in codes
            for text in ("question", "response")
        ),
        settings["tokenizer"]["entries"],
        codes.values(),
        settings["model"]["context"],
    )
    model = make_model(tokenizer, **settings["model"], seed=seed)
    logger.info("translation: %d parameters", model.num_parameters())
    pairs = {
        language: pairs_of(tokenizer, problems, language, codes, settings["scrambled"], seed)
        for language in codes
        if language != PIVOT
    }
    schedule = Schedule(**settings["schedule"])
    batches = draw_batches(pairs, dict.fromkeys(pairs, 1.0), schedule, seed)
    losses = train(model, batches, schedule, lambda batch: translation_loss(model, batch), report)
    save(model, tokenizer, folder / "translation")
    steps = pd.DataFrame({"step": range(1, len(losses) + 1), "loss": losses})
    steps.to_csv(folder / "translation_losses.csv", index=False)
    ranking = measure_ranking(
        folder / "translation", codes, settings["evaluation"]["problems"], PIVOT, seed
    )
    ranking.to_csv(folder / "translation.csv", index=False)
    logger.info("ranking\n%s", ranking.to_string(index=False))


def train_tokenizer(
    texts: Iterable[str], entries: int, codes: Iterable[str], context: int
) -> NllbTokenizer:
    """Train a tokenizer of NLLB's kind, with language codes and `entries` further entries.

    Every digit and every character of the texts is an entry, and so is all of ASCII.
    """
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always"),
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.Split(WORDS, behavior="isolated"),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=entries,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        initial_alphabet=[*string.printable.replace(" ", ""), "▁"],
        max_token_length=LONGEST_TOKEN,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    # NLLB's own class splits words at spaces only; without merges across digits and marks it
    # arrives at the same tokens.
    merged = json.loads(tokenizer.to_str())["model"]
    return NllbTokenizer(
        vocab=merged["vocab"],
        # Its annotation has merges as strings; the tokenizer it is built on takes pairs.
        merges=list(map(tuple, merged["merges"])),  # type: ignore[arg-type]
        extra_special_tokens=list(codes),
        model_max_length=context,
    )


def make_model(
    tokenizer: PreTrainedTokenizerBase,
    layers: int,
    hidden: int,
    intermediate: int,
    heads: int,
    context: int,
    seed: int,
) -> M2M100ForConditionalGeneration:
    """An M2M100 model, the architecture of NLLB-200, with fresh weights, in float32."""
    torch.manual_seed(seed)
    config = M2M100Config(
        vocab_size=len(tokenizer),
        d_model=hidden,
        encoder_layers=layers,
        decoder_layers=layers,
        encoder_ffn_dim=intermediate,
        decoder_ffn_dim=intermediate,
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        max_position_embeddings=context,
        # No text is seen often enough to be learnt by heart.
        dropout=0.0,
        attention_dropout=0.0,
        encoder_layerdrop=0.0,
        decoder_layerdrop=0.0,
        # As with the demo's base model, a narrow one starts learning sooner at 0.05.
        init_std=0.05,
        bos_token_id=tokenizer.bos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.eos_token_id,
    )
    return M2M100ForConditionalGeneration(config)


def pairs_of(
    tokenizer: PreTrainedTokenizerBase,
    problems: list[Problem],
    language: str,
    codes: dict[str, str],
    scrambled: float,
    seed: int,
) -> list[Pair]:
    """The responses to problems in a language and the pivot, paired in both directions.

    In a share `scrambled` of the problems, the numbers are random.
    """
    chance = random.Random(f"{seed}-{language}")
    texts: tuple[list[str], list[str]] = ([], [])
    for problem in problems:
        both = [write(problem, code, "response") for code in (language, PIVOT)]
        if chance.random() < scrambled:
            both = scramble(problem, (language, PIVOT), chance)
        for column, text in zip(texts, both, strict=True):
            column.append(text)
    return [
        Pair(*pair)
        for order in ((0, 1), (1, 0))
        for pair in _encoded(
            tokenizer,
            [texts[side] for side in order],
            [codes[(language, PIVOT)[side]] for side in order],
        )
    ]


def scramble(problem: Problem, languages: Iterable[str], chance: random.Random) -> list[str]:
    """The response in several languages with random numbers, the same ones in each.

    They come in the same order in all languages. No two of them need agree, so that a number can
    only be read off the other text.
    """
    result = chance.randrange(RANDOM_NUMBERS)
    # The last number is the one that nouns are inflected for.
    changed = replace(problem, numbers=problem.numbers | {"r": result})
    texts = [write(changed, language, "response") for language in languages]
    found = len(re.findall(r"\d+", texts[0]))
    numbers = [str(chance.randrange(RANDOM_NUMBERS)) for _ in range(found - 1)] + [str(result)]
    return [_with_numbers(text, numbers) for text in texts]


def _with_numbers(text: str, numbers: list[str]) -> str:
    remaining = iter(numbers)
    return re.sub(r"\d+", lambda _: next(remaining), text)


def _encoded(
    tokenizer: PreTrainedTokenizerBase, texts: list[list[str]], codes: list[str]
) -> Iterable[tuple[list[int], list[int]]]:
    tokenizer.src_lang, tokenizer.tgt_lang = codes
    encoded = tokenizer(texts[0], text_target=texts[1])
    return zip(encoded["input_ids"], encoded["labels"], strict=True)


def translation_loss(model: M2M100ForConditionalGeneration, batch: list[Pair]) -> torch.Tensor:
    """Mean cross-entropy of the target tokens (nats), in bfloat16 arithmetic."""
    pad, start = model.config.pad_token_id, model.config.decoder_start_token_id
    # `make_model` sets both.
    assert pad is not None
    assert start is not None
    source = _padded([pair.source for pair in batch], pad)  # (B, S)
    labels = _padded([pair.target for pair in batch], IGNORED)  # (B, T)
    shifted = _padded([[start, *pair.target[:-1]] for pair in batch], pad)  # (B, T)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        states = model.model(
            input_ids=source,
            attention_mask=source != pad,
            decoder_input_ids=shifted,
            use_cache=False,
        ).last_hidden_state  # (B, T, H)
        real = labels != IGNORED
        logits = model.lm_head(states[real])  # (target tokens, V)
    return nn.functional.cross_entropy(logits.float(), labels[real])


def _padded(rows: list[list[int]], value: int) -> torch.Tensor:
    return nn.utils.rnn.pad_sequence(
        [torch.tensor(row) for row in rows], batch_first=True, padding_value=value
    )
