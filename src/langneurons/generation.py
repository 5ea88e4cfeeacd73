"""Text generation: the batches, settings and seeds behind a model's responses."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from langneurons.errors import InputError
from langneurons.tokenization import encode

if TYPE_CHECKING:
    import torch
    from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

    from langneurons.models.loading import ModelSpec

# How many of the prompt's last tokens a response is decoded with. Decoded alone, a response
# would lose the space that its first token begins with, or half of a character.
_DECODING_CONTEXT = 5


def generate(
    spec: "ModelSpec", prompted: pd.DataFrame, generation: Mapping[str, Any], progress: bool
) -> list[str]:
    """Continue each prompt as often as samples are asked for.

    Parameters
    ----------
    spec
        The model.
    prompted
        Rows with ``problem``, ``language`` (for messages) and ``prompt``.
    generation
        See `langneurons.responses.generate_responses`.
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
    import torch
    from tqdm import tqdm

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
    model = load_model(spec)
    settings = generation_settings(model, tokenizer, generation)
    # `generate` fills whatever is unset in the settings from here.
    model.generation_config = settings

    prompts = [ids for ids in prompts for _ in range(generation.get("samples", 1))]
    # The longest first: if the batches are too large for the memory, that shows at once.
    order = sorted(range(len(prompts)), key=lambda row: -len(prompts[row]))
    size = generation["batch_size"]
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    responses = [""] * len(prompts)
    with torch.inference_mode():
        for index, batch in enumerate(tqdm(batches, desc="generating", disable=not progress)):
            entropy = np.random.SeedSequence([generation.get("seed", 0), index])
            torch.manual_seed(int(entropy.generate_state(1)[0]))
            tokens, mask = left_padded([prompts[row] for row in batch], settings.pad_token_id)
            output = model.generate(
                tokens.to(model.device),
                attention_mask=mask.to(model.device),
                generation_config=settings,
            )
            for row, new in zip(batch, output[:, tokens.shape[1] :].tolist(), strict=True):
                responses[row] = decode_response(
                    tokenizer, prompts[row], new, settings.eos_token_id or ()
                )
    return responses


def demand_room(
    prompted: pd.DataFrame, prompts: Sequence[Sequence[int]], new_tokens: int, context: int | None
) -> None:
    if context is None:
        return
    longest = max(range(len(prompts)), key=lambda row: len(prompts[row]))
    found, allowed = len(prompts[longest]), context - new_tokens
    if found > allowed:
        row = prompted.iloc[longest]
        raise InputError(
            f"problem {row['problem']!r}, language {row['language']}: the prompt has {found} "
            f"tokens, expected at most {allowed} (the model's {context} less max_new_tokens "
            f"{new_tokens})"
        )


def generation_settings(
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


def left_padded(
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
    end = next((index for index, token in enumerate(new) if token in ends), len(new))
    context = list(prompt[-_DECODING_CONTEXT:])

    def text(ids: Sequence[int]) -> str:
        return tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)

    before, both = text(context), text(context + list(new[:end]))
    return both.removeprefix(before) if both.startswith(before) else text(new[:end])
