"""Candidates' log probabilities against whole sequences, one by one."""

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_models import ARCHITECTURES, LAYERS, tiny_config, tiny_model

from langneurons.errors import InputError
from langneurons.models import candidates as module
from langneurons.models.candidates import CandidateLikelihood
from langneurons.models.edits import intervening, zeroing
from langneurons.models.mlps import find_mlps

pytestmark = pytest.mark.usefixtures("one_thread")
#: Prompts of two lengths, one longer than the window of eight; continuations of one to four tokens.
ROWS = [
    ([1, 5, 6], [7]),
    ([1, 5, 6], [8, 9, 10, 11]),
    ([1, 20, 21], [7, 7]),
    ([1, 20, 21], [9]),
    ([1, 5, 6], [30, 31]),
    ([1, *range(40, 52)], [60, 61]),
    ([1, *range(40, 52)], [62]),
    ([1, 99], [100]),
]


@pytest.fixture
def tokens():
    return pd.DataFrame(ROWS, columns=["prompt_tokens", "response_tokens"])


def by_hand(model):
    found = []
    for prompt, response in ROWS:
        with torch.inference_mode():
            logits = model(torch.tensor([prompt + response])).logits[0].double()
        steps = logits[len(prompt) - 1 : -1].log_softmax(dim=-1)
        found.append(sum(float(steps[i, token]) for i, token in enumerate(response)))
    return found


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_log_probabilities_are_those_of_whole_sequences(architecture, tokens):
    model = tiny_model(tiny_config(architecture))
    expected = by_hand(model)
    assert np.ptp(expected) > 1
    for batch_tokens in (1, 40, 1000):
        found = CandidateLikelihood(model, tokens, batch_tokens).log_probabilities()
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_model_may_be_changed_between_passes(tokens):
    model = tiny_model(tiny_config("gemma3_text"))
    measured = CandidateLikelihood(model, tokens, 1000)
    before = measured.log_probabilities()
    mlps = find_mlps(model)
    mask = np.zeros((LAYERS, 24), dtype=bool)
    mask[:, ::2] = True
    with intervening(mlps, zeroing(mask)):
        np.testing.assert_allclose(measured.log_probabilities(), by_hand(model), rtol=1e-4)
        assert np.abs(measured.log_probabilities() - before).min() > 1e-3
    np.testing.assert_array_equal(measured.log_probabilities(), before)


def test_a_prompt_is_read_once_and_the_last_token_not_at_all(tokens, monkeypatch):
    model = tiny_model(tiny_config("llama"))
    measured = CandidateLikelihood(model, tokens, 1000)
    read = []
    model.model.register_forward_pre_hook(
        lambda _, __, named: read.append(tuple(named["input_ids"].shape)), with_kwargs=True
    )
    measured.log_probabilities()
    # The longest first; two prompts of three tokens with five continuations; one of one token.
    assert read == [(1, 13), (2, 1), (2, 3), (5, 3), (1, 2)]
    # Logits in pieces are the same.
    before = measured.log_probabilities()
    monkeypatch.setattr(module, "LOGITS_HELD", 1)
    np.testing.assert_allclose(measured.log_probabilities(), before, rtol=1e-6)


def test_a_prompt_without_tokens_is_refused(tokens):
    model = tiny_model(tiny_config("llama"))
    tokens["prompt_tokens"] = [[], *tokens["prompt_tokens"][1:]]
    with pytest.raises(InputError, match="a prompt has no tokens, expected one at least"):
        CandidateLikelihood(model, tokens, 1000)
