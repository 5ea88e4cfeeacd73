"""Sampling by each response's own random numbers: by hand, and whatever the batches."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import chisquare
from tiny_models import ARCHITECTURES, tiny_config, tiny_model, tiny_tokenizer

from langneurons.errors import InputError
from langneurons.responses.generation import Generator
from langneurons.responses.sampling import Sampling, chances

pytestmark = pytest.mark.usefixtures("one_thread")

LOGITS = torch.log(torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]]))


@pytest.mark.parametrize(
    ("numbers", "tokens"),
    [
        # Cumulative 0.5, 0.75, 1 and 0.1, 0.3, 1: the first token beyond the number.
        ((0.0, 0.0), [0, 0]),
        ((0.49, 0.09), [0, 0]),
        ((0.501, 0.11), [1, 1]),
        ((0.74, 0.29), [1, 1]),
        ((0.76, 0.31), [2, 2]),
        ((1 - 2**-53, 1 - 2**-53), [2, 2]),
    ],
)
def test_the_token_is_where_the_cumulative_probability_exceeds_the_number(numbers, tokens):
    sampling = Sampling(np.array(numbers)[:, None], prompt_tokens=2, temperature=1.0)
    scores = sampling(torch.zeros(2, 2, dtype=torch.int64), LOGITS)
    assert scores.argmax(dim=-1).tolist() == tokens
    assert torch.isneginf(scores).sum(dim=-1).tolist() == [2, 2]


@pytest.mark.parametrize(("number", "token"), [(0.0, 1), (0.25, 1), (0.5, 3)])
def test_a_token_without_probability_is_never_chosen(number, token):
    # Cumulative 0, 1/2, 1/2, 1, without rounding.
    logits = torch.tensor([[-torch.inf, 0.0, -torch.inf, 0.0]])
    sampling = Sampling(np.full((1, 1), number), 2, 1.0)
    assert sampling(torch.zeros(1, 2, dtype=torch.int64), logits).argmax() == token


def test_rare_tokens_beside_a_likely_one_are_told_apart():
    # Weights 1, a thousand times 2⁻³⁰, and 1. Close to 1/2, float32 has steps of 2⁻²⁵ at best.
    logits = torch.log(torch.tensor([[1.0, *[2**-30] * 1000, 1.0]]))
    for token in (1, 500, 1000):
        number = (1 + (token - 0.5) * 2**-30) / (2 + 1000 * 2**-30)
        sampling = Sampling(np.full((1, 1), number), 2, 1.0)
        assert sampling(torch.zeros(1, 2, dtype=torch.int64), logits).argmax() == token


def test_the_temperature_divides_the_logits():
    # At a temperature of 1/2 the first row becomes 1/4 : 1/16 : 1/16, cumulative 2/3, 5/6, 1.
    for number, token in ((0.66, 0), (0.67, 1), (0.84, 2)):
        sampling = Sampling(np.full((1, 1), number), 2, 0.5)
        assert sampling(torch.zeros(1, 2, dtype=torch.int64), LOGITS[:1]).argmax() == token


def test_each_step_has_its_own_number():
    sampling = Sampling(np.array([[0.1, 0.9]]), prompt_tokens=3, temperature=1.0)
    first = sampling(torch.zeros(1, 3, dtype=torch.int64), LOGITS[:1])
    second = sampling(torch.zeros(1, 4, dtype=torch.int64), LOGITS[:1])
    assert [first.argmax().item(), second.argmax().item()] == [0, 2]


def test_tokens_are_drawn_by_their_probabilities():
    numbers = chances([["p", "en", sample] for sample in range(4000)], seed=0, tokens=1)
    sampling = Sampling(numbers, 1, 1.0)
    scores = sampling(torch.zeros(4000, 1, dtype=torch.int64), LOGITS[:1].expand(4000, -1))
    found = np.bincount(scores.argmax(dim=-1).numpy(), minlength=3)
    assert chisquare(found, [2000, 1000, 1000]).pvalue > 0.01


def test_a_number_belongs_to_its_response():
    names = [["p", "en", 0], ["p", "en", 1], ["p", "de", 0], ["q", "en", 0]]
    drawn = chances(names, seed=0, tokens=5)
    assert len(np.unique(drawn)) == drawn.size
    assert ((drawn >= 0) & (drawn < 1)).all()
    np.testing.assert_array_equal(chances(names[::-1], 0, 5)[::-1], drawn)
    np.testing.assert_array_equal(chances(names, 0, 3), drawn[:, :3])
    assert (chances(names, 1, 5) != drawn).all()
    # The same on every machine and in every process.
    first = [0.2156192, 0.36233543, 0.65599504]
    np.testing.assert_allclose(drawn[0, :3], first, atol=1e-8)


LENGTHS = (3, 11, 5, 1, 12, 7, 2)


def continuations(model, batch_size, temperature, new_tokens=10):
    """Seven prompts of different lengths, some of them the same but for their name."""
    random = np.random.default_rng(0)
    prompts = [[1, *random.integers(3, 259, length).tolist()] for length in LENGTHS]
    prompts += prompts[:3]
    names = [["p", "en", index] for index in range(len(prompts))]
    settings = {"max_new_tokens": new_tokens, "batch_size": batch_size, "temperature": temperature}
    found = Generator(model, tiny_tokenizer(), prompts, settings, names).run()
    return [one.tokens for one in found]


@pytest.mark.parametrize("temperature", [0, 1.0])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_responses_do_not_depend_on_the_batch_size(architecture, temperature):
    """In float64; in float32 rounding may let another token win a near tie."""
    model = tiny_model(tiny_config(architecture))
    # These two have eager attention only. transformers' masks padding there by the lowest float64
    # and takes the softmax in float32, where that is −∞: all of it NaN.
    if architecture not in ("gemma2", "bloom"):
        model = model.double()
    expected = continuations(model, 1, temperature)
    for size in (2, 3, 100):
        assert continuations(model, size, temperature) == expected
    same = [a == b for a, b in zip(expected[:3], expected[len(LENGTHS) :], strict=True)]
    assert all(same) is (temperature == 0)


def test_batches_are_full_and_begin_with_the_longest_prompts(monkeypatch):
    model = tiny_model(tiny_config("llama"))
    own, generate, shapes = model.generation_config, model.generate, []

    def recorded(tokens, **settings):
        shapes.append(tuple(tokens.shape))
        return generate(tokens, **settings)

    monkeypatch.setattr(model, "generate", recorded)
    continuations(model, 4, 0)
    # Prompts of 13, 12, 12, 8 tokens; of 6, 6, 4, 4; of 3, 2.
    # Those that occur twice in a batch are read before, without their last token.
    assert shapes == [(3, 12), (4, 13), (2, 5), (4, 6), (2, 3)]
    assert model.generation_config is own, "what the checkpoint asks for is put back"


def test_prompts_around_a_change_of_positions_do_not_share_batches():
    """LongRoPE encodes positions by the longest row of a batch."""

    def longrope(long_factor):
        parameters = {
            "rope_type": "longrope", "rope_theta": 10000.0, "short_factor": [1.0, 1.0],
            "long_factor": long_factor, "original_max_position_embeddings": 16,
        }  # fmt: skip
        config = tiny_config(
            "phi3", rope_parameters=parameters, original_max_position_embeddings=16,
            partial_rotary_factor=1.0,
        )  # fmt: skip
        return tiny_model(config).double()

    # Prompts of 2 to 13 tokens, and 9 of the 10 new ones are read: those from 8 tokens on pass 16.
    expected = continuations(longrope([4.0, 64.0]), 1, 0)
    for size in (2, 3, 100):
        assert continuations(longrope([4.0, 64.0]), size, 0) == expected
    # The factors matter here, so that a batch of prompts on both sides would have shown.
    assert continuations(longrope([1.0, 1.0]), 1, 0) != expected


def test_logits_that_are_no_numbers_are_refused():
    sampling = Sampling(np.full((1, 1), 0.5), 2, 1.0)
    with pytest.raises(InputError, match="logits are NaN"):
        sampling(torch.zeros(1, 2, dtype=torch.int64), torch.full((1, 3), torch.nan))


def test_a_generation_without_names_draws_nothing():
    model = tiny_model(tiny_config("llama"))
    settings = {"max_new_tokens": 3, "batch_size": 2}
    found = Generator(model, tiny_tokenizer(), [[1, 5]], settings).run()
    assert pd.notna(found[0].text)
