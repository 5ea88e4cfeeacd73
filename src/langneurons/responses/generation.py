"""Text generation: the batches and settings behind a model's responses."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from langneurons.errors import InputError
from langneurons.responses.schemas import row_name

if TYPE_CHECKING:
    import torch
    from transformers import (
        Cache,
        GenerationConfig,
        LogitsProcessorList,
        PreTrainedModel,
        PreTrainedTokenizerBase,
    )


# A response is decoded with this many of the prompt's last tokens. Decoded alone, it would lose
# the space that its first token begins with, or half of a character.
_DECODING_CONTEXT = 5
# After so many tokens, rows that have ended leave their batch: most responses are shorter than the
# longest.
_STRETCH = 16


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

    Up to rounding, a continuation does not depend on the batch that it is written in.

    Parameters
    ----------
    model, tokenizer
        A decoder-only model in evaluation mode and its tokenizer.
    prompts
        The tokens of each prompt.
    generation
        See `langneurons.responses.collection.generate_responses`; ``samples`` is ignored:
        repeat a prompt to sample it again.
    names
        What distinguishes each continuation from the others, for its random numbers; needed where
        ``temperature`` is above 0. See `langneurons.responses.sampling.chances`.
    """

    def __init__(
        self,
        model: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        prompts: Sequence[Sequence[int]],
        generation: Mapping[str, Any],
        names: Sequence[Sequence[Any]] = (),
    ) -> None:
        from langneurons.models.batches import rope_switch
        from langneurons.models.probing import decoder_of

        self._model, self._tokenizer, self._prompts = model, tokenizer, prompts
        self._settings = _settings(model, tokenizer, generation)
        switch = rope_switch(decoder_of(model).config)
        self._keeps_rows = switch is None and _keeps_rows(model)
        self._temperature = generation.get("temperature", 0)
        self._seed, self._names = generation.get("seed", 0), names
        self._batches = list(_batches(prompts, generation, switch))

    def run(self) -> list[Continuation]:
        """Continue each prompt with the model as it is now."""
        found = dict(pair for batch in self.batches() for pair in batch)
        return [found[row] for row in range(len(self._prompts))]

    def batches(self) -> Iterator[list[tuple[int, Continuation]]]:
        """Continue the prompts batch by batch, the longest first, each with its number."""
        for batch in self._batches:
            yield [
                (row, self._continuation(self._prompts[row], new))
                for row, new in zip(batch, self._new_tokens(batch), strict=True)
            ]

    @contextmanager
    def _settings_installed(self) -> Iterator[None]:
        # `generate` takes whatever the settings leave unset from the model's own.
        own, self._model.generation_config = self._model.generation_config, self._settings
        try:
            yield
        finally:
            self._model.generation_config = own

    def _new_tokens(self, batch: Sequence[int]) -> list[list[int]]:
        """Continue the prompts of a batch, in stretches; rows that have ended leave the batch."""
        import torch

        prompts = [tuple(self._prompts[row]) for row in batch]
        tokens, mask = _left_padded(prompts, self._settings.pad_token_id)
        kept, width = self._read_once(prompts), tokens.shape[1]
        room = self._settings.max_new_tokens
        ends = torch.tensor(self._settings.eos_token_id or [], dtype=torch.long)
        new: list[list[int]] = [[] for _ in batch]
        rows = torch.arange(len(batch))
        while room > 0 and len(rows):
            stretch = min(_STRETCH, room) if self._keeps_rows else room
            found = self._generate(
                tokens,
                mask,
                stretch,
                logits_processor=self._sampling([batch[row] for row in rows], width),
                past_key_values=kept,
            )
            written = found.sequences.cpu()[:, tokens.shape[1] :]
            for row, more in zip(rows.tolist(), written.tolist(), strict=True):
                new[row] += more
            going = (~torch.isin(written, ends).any(dim=1)).nonzero().flatten()
            rows, room, kept = rows[going], room - stretch, found.past_key_values
            tokens = torch.cat([tokens, written], dim=1)[going]
            mask = torch.nn.functional.pad(mask, (0, written.shape[1]), value=1)[going]
            if room > 0 and 0 < len(rows) < len(written):
                kept.batch_select_indices(going)  # on the CPU: layers may lie on several GPUs
        return new

    def _generate(
        self, tokens: "torch.Tensor", mask: "torch.Tensor", new_tokens: int, **more: Any
    ) -> Any:
        """Let transformers continue rows; see `Generator` for what it is told."""
        from copy import deepcopy

        import torch

        settings = deepcopy(self._settings)
        settings.update(max_new_tokens=new_tokens, return_dict_in_generate=True)
        # transformers' base class does not declare it; a causal language model has it.
        generate = cast("Callable[..., Any]", self._model.generate)
        device = self._model.device
        with torch.inference_mode(), self._settings_installed():
            return generate(
                tokens.to(device),
                attention_mask=mask.to(device),
                generation_config=settings,
                **more,
            )

    def _read_once(self, prompts: Sequence[tuple[int, ...]]) -> "Cache | None":
        """Return what the model keeps of prompts but for their last tokens, if some are the same.

        Each of them is read once, however often it is continued.
        """
        import torch

        different = list(dict.fromkeys(prompts))
        shared = self._keeps_rows and len(different) < len(prompts)
        if not shared or min(map(len, prompts)) < 2:
            return None
        tokens, mask = _left_padded([ids[:-1] for ids in different], self._settings.pad_token_id)
        kept = self._generate(tokens, mask, 1).past_key_values
        kept.batch_select_indices(torch.tensor([different.index(ids) for ids in prompts]))
        return cast("Cache", kept)

    def _sampling(self, batch: Sequence[int], prompt_tokens: int) -> "LogitsProcessorList":
        from transformers import LogitsProcessorList

        from langneurons.responses.sampling import Sampling, chances

        if self._temperature == 0:
            return LogitsProcessorList()
        names = [self._names[row] for row in batch]
        drawn = chances(names, self._seed, self._settings.max_new_tokens)
        return LogitsProcessorList([Sampling(drawn, prompt_tokens, self._temperature)])

    def _continuation(self, prompt: Sequence[int], new: Sequence[int]) -> Continuation:
        ends = self._settings.eos_token_id or ()
        kept = _until_end(new, ends)
        text = decode_response(self._tokenizer, prompt, new, ends)
        return Continuation(text, kept, unfinished=len(kept) == len(new))


def _keeps_rows(model: "PreTrainedModel") -> bool:
    """Return whether a model keeps nothing of a prompt but keys and values, a row for each text."""
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

    from langneurons.models.probing import decoder_of

    layers = DynamicCache(config=decoder_of(model).config).layers
    return all(type(layer) in (DynamicLayer, DynamicSlidingWindowLayer) for layer in layers)


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
        do_sample=False,  # sampling is in the hands of `Sampling`
    )


def _batches(
    prompts: Sequence[Sequence[int]], generation: Mapping[str, Any], switch: int | None
) -> Iterator[list[int]]:
    """Yield the rows of batches, the longest prompts first, so that memory fails at once.

    Prompts that may grow beyond ``switch``, where a model encodes positions differently, share
    batches only with prompts of the same length: the longest would decide for all.
    """
    size, room = generation["batch_size"], generation["max_new_tokens"]
    batch: list[int] = []
    for row in sorted(range(len(prompts)), key=lambda row: -len(prompts[row])):
        if batch:
            longest = len(prompts[batch[0]])
            switches = switch is not None and longest + room > switch
            if len(batch) == size or (switches and len(prompts[row]) < longest):
                yield batch
                batch = []
        batch.append(row)
    if batch:
        yield batch


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
        found = tokenizer.decode(
            list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return cast(str, found)  # a list only for several texts

    before, both = text(context), text(context + new)
    return both.removeprefix(before) if both.startswith(before) else text(new)


def _until_end(new: Sequence[int], ends: Sequence[int]) -> list[int]:
    end = next((index for index, token in enumerate(new) if token in ends), len(new))
    return list(new[:end])
