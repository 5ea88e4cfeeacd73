"""Text generation: the batches, settings and seeds behind a model's responses."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from langneurons.errors import InputError
from langneurons.responses.schemas import row_name
from langneurons.responses.tokens import encode

if TYPE_CHECKING:
    import torch
    from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

    from langneurons.models.loading import ModelSpec

# A response is decoded with this many of the prompt's last tokens. Decoded alone, it would lose
# the space that its first token begins with, or half of a character.
_DECODING_CONTEXT = 5


def generate(
    spec: "ModelSpec", prompted: pd.DataFrame, generation: Mapping[str, Any], progress: bool
) -> list[str]:
    """Continue each prompt once per requested sample.

    Parameters
    ----------
    spec
        The model.
    prompted
        Rows with ``problem``, ``language`` (for messages) and ``prompt``.
    generation
        See `langneurons.responses.collection.generate_responses`.
    progress
        Whether to show a progress bar on stderr.

    Returns
    -------
    list of str
        The responses, all samples of the first row first: len(prompted) × samples.

    Raises
    ------
    InputError
        If a prompt leaves no room for ``max_new_tokens`` in the model's context.
    """
    if prompted.empty:
        return []
    from langneurons.models.loading import (
        context_length,
        load_config,
        load_model,
        load_tokenizer,
    )

    tokenizer = load_tokenizer(spec)
    prompts = encode(tokenizer, list(prompted["prompt"]))
    context = context_length(load_config(spec))
    demand_room(prompted, prompts, generation["max_new_tokens"], context)
    prompts = [ids for ids in prompts for _ in range(generation.get("samples", 1))]
    continuations = Generator(load_model(spec), tokenizer, prompts, generation).run(progress)
    return [continuation.text for continuation in continuations]


@dataclass(frozen=True)
class Continuation:
    """What a model wrote after a prompt."""

    text: str
    """The text of the tokens."""
    tokens: list[int]
    """The tokens before the end token."""
    unfinished: bool
    """Whether it was cut off at ``max_new_tokens``, before an end token."""


class Generator:
    """Prompts sorted into batches once, to be continued any number of times.

    Parameters
    ----------
    model, tokenizer
        A decoder-only model in evaluation mode and its tokenizer.
    prompts
        The tokens of each prompt.
    generation
        See `langneurons.responses.collection.generate_responses`; ``samples`` is ignored:
        repeat a prompt to sample it again.
    """

    def __init__(
        self,
        model: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        prompts: Sequence[Sequence[int]],
        generation: Mapping[str, Any],
    ) -> None:
        self._model, self._tokenizer, self._prompts = model, tokenizer, prompts
        self._settings = _settings(model, tokenizer, generation)
        self._seed = generation.get("seed", 0)
        # Longest first: batches that are too large for memory fail at once.
        order = sorted(range(len(prompts)), key=lambda row: -len(prompts[row]))
        size = generation["batch_size"]
        self._batches = [order[start : start + size] for start in range(0, len(order), size)]

    def run(self, progress: bool = False) -> list[Continuation]:
        """Continue each prompt with the model as it is now.

        Parameters
        ----------
        progress
            Whether to show a progress bar on stderr.
        """
        import torch
        from tqdm import tqdm

        found: dict[int, Continuation] = {}
        with torch.inference_mode(), self._settings_installed():
            for index, batch in enumerate(
                tqdm(self._batches, desc="generating", disable=not progress)
            ):
                if self._settings.do_sample:
                    entropy = np.random.SeedSequence([self._seed, index])
                    torch.manual_seed(int(entropy.generate_state(1)[0]))
                for row, new in zip(batch, self._new_tokens(batch), strict=True):
                    found[row] = self._continuation(self._prompts[row], new)
        return [found[row] for row in range(len(self._prompts))]

    @contextmanager
    def _settings_installed(self) -> Iterator[None]:
        # `generate` takes whatever the settings leave unset from the model's own.
        own, self._model.generation_config = self._model.generation_config, self._settings
        try:
            yield
        finally:
            self._model.generation_config = own

    def _new_tokens(self, batch: Sequence[int]) -> list[list[int]]:
        prompts = [self._prompts[row] for row in batch]
        tokens, mask = _left_padded(prompts, self._settings.pad_token_id)
        output = self._model.generate(
            tokens.to(self._model.device),
            attention_mask=mask.to(self._model.device),
            generation_config=self._settings,
        )
        return output[:, tokens.shape[1] :].tolist()

    def _continuation(self, prompt: Sequence[int], new: Sequence[int]) -> Continuation:
        ends = self._settings.eos_token_id or ()
        kept = _until_end(new, ends)
        text = decode_response(self._tokenizer, prompt, new, ends)
        return Continuation(text, kept, unfinished=len(kept) == len(new))


def demand_room(
    prompted: pd.DataFrame, prompts: Sequence[Sequence[int]], new_tokens: int, context: int | None
) -> None:
    """Refuse prompts that leave no room for ``new_tokens`` in the context, naming the longest.

    Parameters
    ----------
    prompted
        Rows with ``problem`` and ``language``.
    prompts
        Their tokens.
    """
    if context is None:
        return
    longest = max(range(len(prompts)), key=lambda row: len(prompts[row]))
    found, allowed = len(prompts[longest]), context - new_tokens
    if found > allowed:
        row = prompted.iloc[longest]
        raise InputError(
            f"{row_name(row)}: the prompt has {found} tokens, expected at most {allowed} "
            f"(the model's {context} less max_new_tokens {new_tokens})"
        )


def _settings(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", generation: Mapping[str, Any]
) -> "GenerationConfig":
    from transformers import GenerationConfig

    temperature = generation.get("temperature", 0)
    sampling = {"do_sample": False}
    if temperature > 0:
        sampling = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
    # Chat models have several end tokens, which only the checkpoint knows.
    ends = model.generation_config.eos_token_id
    if ends is None:
        ends = tokenizer.eos_token_id
    ends = [ends] if isinstance(ends, int) else list(ends or [])
    padding = tokenizer.pad_token_id
    return GenerationConfig(
        max_new_tokens=generation["max_new_tokens"],
        eos_token_id=ends or None,
        pad_token_id=0 if padding is None else padding,
        **sampling,
    )


def _left_padded(
    prompts: Sequence[Sequence[int]], padding: int
) -> tuple["torch.Tensor", "torch.Tensor"]:
    import torch

    width = max(map(len, prompts))
    tokens = torch.tensor([[padding] * (width - len(ids)) + list(ids) for ids in prompts])
    mask = torch.tensor([[0] * (width - len(ids)) + [1] * len(ids) for ids in prompts])
    return tokens, mask  # (B, T), (B, T)


def decode_response(
    tokenizer: "PreTrainedTokenizerBase",
    prompt: Sequence[int],
    new: Sequence[int],
    ends: Sequence[int],
) -> str:
    """Return the text of the new tokens up to the first end token."""
    new = _until_end(new, ends)
    context = list(prompt[-_DECODING_CONTEXT:])

    def text(ids: Sequence[int]) -> str:
        return tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)

    before, both = text(context), text(context + new)
    return both.removeprefix(before) if both.startswith(before) else text(new)


def _until_end(new: Sequence[int], ends: Sequence[int]) -> list[int]:
    end = next((index for index, token in enumerate(new) if token in ends), len(new))
    return list(new[:end])
