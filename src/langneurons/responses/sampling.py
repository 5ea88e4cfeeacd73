"""Sampling whose random numbers belong to a response, not to the batch it is written in."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import LogitsProcessor

from langneurons.errors import InputError


def chances(names: Sequence[Sequence[Any]], seed: int, tokens: int) -> np.ndarray:
    """Return the random numbers of responses, one for each token that they may have.

    Parameters
    ----------
    names
        What distinguishes each response from all others, such as its problem, language and sample;
        JSON-serialisable.
    seed
        Other seeds give other numbers.
    tokens
        Most tokens of a response.

    Returns
    -------
    numpy.ndarray
        float64, (responses, tokens), uniform in [0, 1). A row depends on its name, the seed and
        nothing else; with more ``tokens`` it begins with the same numbers.
    """
    drawn = np.empty((len(names), tokens))
    for row, name in zip(drawn, names, strict=True):
        digest = hashlib.sha256(json.dumps([seed, *name], ensure_ascii=False).encode()).digest()
        row[:] = np.random.default_rng(int.from_bytes(digest)).random(tokens)
    return drawn


class Sampling(LogitsProcessor):
    """Chooses each row's next token by a random number of the row's own.

    The token is the first at which the cumulative probability exceeds the number, so that tokens
    are drawn from the softmax of the logits over the temperature. All others get a score of −∞;
    greedy decoding then takes the token chosen here.

    Parameters
    ----------
    chances
        float64, (B, T): the numbers of each row, see `chances`.
    prompt_tokens
        Width of the batch's prompts, padding included.
    temperature
        Above 0.
    """

    def __init__(self, chances: np.ndarray, prompt_tokens: int, temperature: float) -> None:
        self._chances = torch.from_numpy(chances)
        self._prompt_tokens, self._temperature = prompt_tokens, temperature

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Return the scores, (B, V), of the next token: 0 where it is chosen, −∞ elsewhere.

        Raises
        ------
        InputError
            If the scores are NaN.
        """
        # In float64, which Apple's GPUs lack: sums of float32 over a large vocabulary are coarse.
        logits = scores.cpu() if scores.device.type == "mps" else scores
        cumulative = torch.softmax(logits.double() / self._temperature, dim=-1).cumsum(dim=-1)
        chance = self._chances[:, input_ids.shape[1] - self._prompt_tokens, None]
        total = cumulative[:, -1:]  # 1 but for rounding
        if total.isnan().any():
            raise InputError("the model's logits are NaN; another dtype may help")
        below = torch.nextafter(total, torch.zeros_like(total))
        wanted = torch.minimum(chance.to(total.device) * total, below)
        chosen = torch.searchsorted(cumulative, wanted, right=True)  # (B, 1)
        lowest = torch.full_like(scores, -torch.inf)
        return lowest.scatter(1, chosen.to(scores.device), 0.0)
