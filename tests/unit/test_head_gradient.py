"""The gradient of the targets' NLL by the last states, block by block of the vocabulary."""

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_models import tiny_config, tiny_model
from torch.nn.functional import cross_entropy
from transformers import AutoConfig

from langneurons.models import head as module
from langneurons.models.batches import batches
from langneurons.models.head import Head
from langneurons.models.likelihood import nll_backward
from langneurons.models.probing import decoder_of

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1}
SMALL |= {"num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 259}
#: Plain logits; capped, so that the gradient of a logit depends on it; scaled; and with a bias.
MODELS = {
    "mistral": tiny_config("mistral"),
    "gemma2": tiny_config("gemma2", final_logit_softcapping=2.0),
    "cohere": AutoConfig.for_model("cohere", **SMALL, logit_scale=0.25, eos_token_id=2),
    "phi": AutoConfig.for_model("phi", **SMALL),
}


@pytest.fixture(params=MODELS)
def model(request):
    return tiny_model(MODELS[request.param])


@pytest.fixture
def blocks(monkeypatch):
    """The shapes of the blocks of logits that are made, at most 100 entries wide."""
    made = []

    def linear(states, weight, bias):
        made.append((len(states), len(weight)))
        return torch.nn.functional.linear(states, weight, bias)

    monkeypatch.setattr(module, "_BLOCK", 100)
    monkeypatch.setattr(module, "linear", linear)
    return made


def some_states(factor=1.0):
    generator = torch.Generator().manual_seed(0)
    states = torch.randn(7, 16, generator=generator) * factor
    return states, torch.tensor([0, 1, 99, 100, 199, 200, 258])


def by_autograd(head, states, targets):
    """Loss and gradient from all logits at once."""
    states = states.clone().requires_grad_()
    loss = cross_entropy(head.logits(states).double(), targets, reduction="sum")
    loss.backward()
    return float(loss.detach()), states.grad


def found_by(head, states, targets, outer=1.0):
    states = states.clone().requires_grad_()
    loss = head.total_loss(states, targets)
    (outer * loss).backward()
    return float(loss.detach()), states.grad


def test_loss_and_gradient_are_those_of_all_logits(model, blocks):
    head, (states, targets) = Head(model), some_states()
    loss, gradient = by_autograd(head, states, targets)
    found, by_block = found_by(head, states, targets)
    assert found == pytest.approx(loss, rel=1e-6)
    torch.testing.assert_close(by_block, gradient, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(found_by(head, states, targets, 3.0)[1], 3 * by_block)
    assert gradient.abs().max() > 0.01


def test_each_logit_is_made_once_and_in_blocks(blocks):
    model = tiny_model(MODELS["mistral"])
    found_by(Head(model), *some_states())
    assert blocks == [(7, 100), (7, 100), (7, 59)]


def test_logits_that_differ_by_hundreds_do_not_overflow(blocks):
    model = tiny_model(MODELS["mistral"])
    head, (states, targets) = Head(model), some_states(factor=300.0)
    loss, gradient = by_autograd(head, states, targets)
    assert loss > 1000
    found, by_block = found_by(head, states, targets)
    assert found == pytest.approx(loss, rel=1e-6)
    torch.testing.assert_close(by_block, gradient, rtol=1e-4, atol=1e-4)


def test_without_a_gradient_it_is_the_sum_of_the_losses(model, blocks):
    head, (states, targets) = Head(model), some_states()
    assert not head.total_loss(states, targets).requires_grad
    expected = float(head.losses(states, targets).sum())
    assert float(head.total_loss(states, targets)) == pytest.approx(expected, rel=1e-6)
    with torch.no_grad():
        assert not head.total_loss(states.requires_grad_(), targets).requires_grad


def test_output_embeddings_that_are_trained_get_their_gradient():
    class Adapted(torch.nn.Linear):
        """Stands for output embeddings with an adapter."""

    model = tiny_model(MODELS["mistral"])
    plain = model.get_output_embeddings()
    adapted = Adapted(plain.in_features, plain.out_features, bias=False)
    adapted.weight = torch.nn.Parameter(plain.weight.detach().clone())
    states, targets = some_states()
    expected = found_by(Head(model), states, targets)[1]
    model.set_output_embeddings(adapted)
    torch.testing.assert_close(found_by(Head(model), states, targets)[1], expected)
    assert adapted.weight.grad.abs().max() > 0.01


def test_a_batch_run_backwards_has_the_gradients_of_the_whole_model(model, blocks):
    ids = [[1, 5, 6, 7, 8], [1, 30, 31]]
    rows = pd.DataFrame({"prompt_tokens": [[1, 5, 6], [1]], "response_tokens": [[7, 8], [30, 31]]})
    embeddings = model.get_input_embeddings().weight.requires_grad_()
    expected = 0.0
    for row, prompt in zip(ids, (3, 1), strict=True):
        tokens = torch.tensor([row])
        logits = model(input_ids=tokens, use_cache=False).logits[0, prompt - 1 : -1]
        loss = cross_entropy(logits, tokens[0, prompt:], reduction="sum")
        expected += loss.item()
        # The output embeddings may be the same weights: only the way through the model counts.
        (part,) = torch.autograd.grad(loss, embeddings)
        embeddings.grad = part if embeddings.grad is None else embeddings.grad + part
    whole, embeddings.grad = embeddings.grad, None
    (batch,) = batches(rows, np.zeros(2, dtype=np.int64), 100, decoder_of(model).config)
    states = decoder_of(model)(input_ids=batch.ids, use_cache=False)[0]
    assert nll_backward(Head(model), states, batch) == pytest.approx(expected, rel=1e-5)
    if model.get_output_embeddings().weight is not embeddings:
        torch.testing.assert_close(embeddings.grad, whole, rtol=1e-4, atol=1e-5)
