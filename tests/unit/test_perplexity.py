"""Likelihoods against logits, and perplexities by hand."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_models import tiny_config, tiny_model

from langneurons.errors import InputError
from langneurons.interventions.deactivation_summary import perplexity
from langneurons.models import head
from langneurons.models import likelihood as module
from langneurons.models.likelihood import Likelihood, scored_tokens

ROWS = [
    ("p1", "en", 0, [1, 5, 6], [7, 8]),
    ("p1", "en", 1, [1, 5, 6], [9]),
    ("p1", "de", 0, [1, 30], [31, 32, 33, 34, 35]),
    ("p2", "en", 0, [1], [40, 41]),
]


@pytest.fixture
def tokens():
    columns = ["problem", "language", "sample", "prompt_tokens", "response_tokens"]
    return pd.DataFrame(ROWS, columns=columns)


pytestmark = pytest.mark.usefixtures("one_thread")


def by_hand(model, prompt, response):
    """Mean of −log softmax at each response token, one sequence, all logits."""
    with torch.inference_mode():
        logits = model(torch.tensor([prompt + response])).logits[0].double()
    losses = []
    for place in range(max(1, len(prompt)), len(prompt) + len(response)):
        token = (prompt + response)[place]
        row = logits[place - 1]  # what the model expects after the tokens before
        losses.append(float(row.exp().sum().log() - row[token]))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("architecture", ["mistral", "gpt2", "opt", "phi3", "gpt_neox", "gemma2"])
def test_nll_is_that_of_the_logits(architecture, tokens):
    model = tiny_model(tiny_config(architecture))
    expected = [by_hand(model, prompt, response) for *_, prompt, response in ROWS]
    for batch_tokens in (1, 1000):
        found = Likelihood(model, tokens, batch_tokens).mean_nll()
        np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert np.ptp(expected) > 0.1


@pytest.mark.parametrize(
    ("architecture", "changes"),
    [("cohere", {"logit_scale": 0.25}), ("granite", {"logits_scaling": 4.0})],
)
def test_nll_where_logits_are_scaled(architecture, changes, tokens):
    shape = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1}
    shape |= {"num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 259}
    model = tiny_model(module_config(architecture, **shape, **changes))
    expected = [by_hand(model, prompt, response) for *_, prompt, response in ROWS]
    np.testing.assert_allclose(Likelihood(model, tokens, 1000).mean_nll(), expected, rtol=1e-4)


def module_config(architecture, **settings):
    from transformers import AutoConfig

    return AutoConfig.for_model(architecture, bos_token_id=1, eos_token_id=2, **settings)


def test_a_model_whose_logits_come_another_way_is_refused(tokens):
    model = tiny_model(tiny_config("mistral"))
    model.register_forward_hook(lambda _, __, output: type(output)(logits=output.logits.flip(-1)))
    with pytest.raises(InputError, match="logits are not those of its output embeddings"):
        Likelihood(model, tokens, 1000)


@pytest.mark.parametrize("architecture", ["mistral", "gemma2", "bloom"])
def test_logits_are_made_in_pieces_and_blocks_of_the_vocabulary(tokens, monkeypatch, architecture):
    model = tiny_model(tiny_config(architecture))
    expected = Likelihood(model, tokens, 1000).mean_nll()
    monkeypatch.setattr(head, "_BLOCK", 100)
    monkeypatch.setattr(module, "LOGITS_HELD", 3 * 100)
    made = []

    def linear(states, weight, bias):
        made.append((len(states), len(weight)))
        return torch.nn.functional.linear(states, weight, bias)

    likelihood = Likelihood(model, tokens, 1000)
    monkeypatch.setattr(head, "linear", linear)
    np.testing.assert_allclose(likelihood.mean_nll(), expected, rtol=1e-5)
    # 2 + 1 + 5 + 2 scored tokens, at most three at once; a vocabulary of 259 in three blocks.
    vocabulary = model.get_output_embeddings().weight.shape[0]
    assert sum(rows * width for rows, width in made) == 10 * vocabulary
    assert max(rows for rows, _ in made) == 3
    assert max(width for _, width in made) == 100


def test_output_embeddings_of_another_kind_are_asked_at_once(tokens):
    class Other(torch.nn.Linear):
        """Stands for a quantised layer, whose weights cannot be multiplied with."""

    model = tiny_model(tiny_config("mistral"))
    expected = Likelihood(model, tokens, 1000).mean_nll()
    head = model.get_output_embeddings()
    other = Other(head.in_features, head.out_features, bias=False)
    other.weight = head.weight
    model.set_output_embeddings(other)
    likelihood = Likelihood(model, tokens, 1000)
    assert likelihood._head.widest == head.out_features
    np.testing.assert_allclose(likelihood.mean_nll(), expected, rtol=1e-5)


def test_the_tokens_of_prompts(tokens):
    scored = scored_tokens(tokens, "prompt")
    # Two samples share a prompt. Nothing comes before a first token, so nothing predicts it.
    assert scored[["problem", "language"]].to_numpy().tolist() == [
        ["p1", "en"],
        ["p1", "de"],
        ["p2", "en"],
    ]
    assert scored["prompt_tokens"].tolist() == [[1], [1], [1]]
    assert scored["response_tokens"].tolist() == [[5, 6], [30], []]
    model = tiny_model(tiny_config("opt"))
    nll = Likelihood(model, scored, 1000).mean_nll()
    np.testing.assert_allclose(nll[0], by_hand(model, [1], [5, 6]), rtol=1e-4)
    assert math.isnan(nll[2]), "a prompt of one token has no likelihood"


def test_a_first_token_without_a_prompt_is_not_scored(tokens):
    tokens = tokens.iloc[:1].assign(prompt_tokens=[[]], response_tokens=[[5, 6, 7]])
    model = tiny_model(tiny_config("mistral"))
    expected = by_hand(model, [5], [6, 7])
    np.testing.assert_allclose(Likelihood(model, tokens, 9).mean_nll(), [expected], rtol=1e-4)


def test_nan_is_an_error_not_a_number(tokens):
    model = tiny_model(tiny_config("mistral"))
    likelihood = Likelihood(model, tokens, 1000)
    model.model.norm.weight[0] = math.nan
    with pytest.raises(InputError, match="NaN among the logits"):
        likelihood.mean_nll()


def test_perplexity_by_hand():
    # Two tokens of probabilities 1/2 and 1/8: NLL (ln 2 + ln 8) / 2 = 2 ln 2, PPL 4.
    assert perplexity((math.log(2) + math.log(8)) / 2) == pytest.approx(4)
    # The largest float64 is exp(709.78…).
    table = pd.Series([709.0, 710.0, np.nan])
    found = perplexity(table)
    assert math.isfinite(found[0])
    assert found[1] == math.inf
    assert math.isnan(found[2])
