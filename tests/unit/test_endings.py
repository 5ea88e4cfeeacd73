"""Passes from a layer on against whole passes over the text, architecture by architecture."""

from contextlib import ExitStack

import numpy as np
import pytest
import torch
from tiny_models import ARCHITECTURES, LAYERS, tiny_config, tiny_model

from langneurons.models.endings import Endings
from langneurons.models.mlps import find_mlps

#: Longer than the window of models with sliding attention.
PROMPT = [7, 91, 14, 203, 55, 3, 120, 8, 44, 61, 9]
ANSWER = [33, 150, 12]


def endings_of(model, batch_tokens=1000):
    return Endings(model, find_mlps(model), batch_tokens)


def slowly(model, prompt, answer, changes=()):
    """Log probability of the answer by a whole pass, and activations at the prompt's last token.

    ``changes`` are pairs of layer and function of the activations there.
    """
    seen = []
    ids = torch.tensor([[*prompt, *answer]])

    def hook(layer):
        def replace(_, __, output):
            rows = output.reshape(len(ids[0]), -1)
            now = rows[len(prompt) - 1]
            for other, change in changes:
                if other == layer:
                    now = change(now)
            seen.append(now)
            before, after = rows[: len(prompt) - 1], rows[len(prompt) :]
            return torch.cat([before, now[None], after]).reshape(output.shape)

        return replace

    with ExitStack() as hooks:
        for layer, mlp in enumerate(find_mlps(model)):
            hooks.callback(mlp.activation.register_forward_hook(hook(layer)).remove)
        logits = model(input_ids=ids, use_cache=False).logits[0].log_softmax(dim=-1)
    start = len(prompt) - 1
    value = sum(logits[start + place, token] for place, token in enumerate(answer))
    return value, torch.stack(seen)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(("prompt", "answer"), [(PROMPT, ANSWER), (PROMPT[:1], ANSWER[:1])])
def test_an_ending_has_the_log_probability_and_activations_of_a_whole_pass(
    architecture, prompt, answer
):
    model = tiny_model(tiny_config(architecture)).double()
    ending = endings_of(model).of(prompt, answer)
    value, seen = slowly(model, prompt, answer)
    assert ending.log_probability == pytest.approx(float(value), abs=1e-6)
    torch.testing.assert_close(ending.activations, seen)
    assert ending.tokens == len(answer)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_changes_in_several_layers_equal_whole_passes(architecture):
    model = tiny_model(tiny_config(architecture)).double()
    ending = endings_of(model).of(PROMPT, ANSWER)
    factors = torch.tensor([0.0, 2.0, -1.0])
    for layers in ([0], [1], [0, 1]):
        changes = {layer: lambda own: own * factors[:, None] for layer in layers}
        found = ending.changed(3, changes)
        expected = [
            float(
                slowly(
                    model, PROMPT, ANSWER, [(layer, lambda own, f=f: own * f) for layer in layers]
                )[0]
            )
            for f in factors
        ]
        np.testing.assert_allclose(found, expected, atol=1e-6)
        assert len({round(value, 4) for value in expected}) == 3


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_gradients_equal_those_of_whole_passes(architecture):
    model = tiny_model(tiny_config(architecture)).double()
    ending = endings_of(model).of(PROMPT, ANSWER)
    factors = torch.tensor([[0.3], [1.0], [1.4]], dtype=torch.float64)
    points = {layer: ending.activations[layer] * factors for layer in range(LAYERS)}
    for layer, (values, slopes) in ending.gradients(points).items():
        for point, value, slope in zip(points[layer], values, slopes, strict=True):
            leaf = point.clone().requires_grad_()
            with torch.enable_grad():
                expected, _ = slowly(model, PROMPT, ANSWER, [(layer, lambda _, leaf=leaf: leaf)])
                (gradient,) = torch.autograd.grad(expected, leaf)
            assert float(value) == pytest.approx(float(expected.detach()), abs=1e-6)
            # Logits are float32 numbers.
            torch.testing.assert_close(slope, gradient, rtol=1e-4, atol=1e-6)
        assert float(values[1]) == pytest.approx(ending.log_probability, abs=1e-6)


def test_no_result_depends_on_how_many_rows_are_run_at_once():
    model = tiny_model(tiny_config("gemma3_text")).double()
    points = {layer: torch.randn(5, 24, dtype=torch.float64) for layer in range(LAYERS)}
    whole, *others = (
        endings_of(model, size).of(PROMPT, ANSWER).gradients(points) for size in (1000, 16, 7)
    )
    for parts in others:
        for layer in points:
            for one, other in zip(whole[layer], parts[layer], strict=True):
                torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_a_model_is_left_as_it_was_also_after_an_error():
    model = tiny_model(tiny_config("llama"))
    ending = endings_of(model).of(PROMPT, ANSWER)

    def fail(_):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        ending.changed(2, {1: fail})
    value, _ = slowly(model, PROMPT, ANSWER)
    assert ending.log_probability == pytest.approx(float(value), abs=1e-5)
    assert all("forward" not in module.__dict__ for module in model.modules())
    assert not any(parameter.requires_grad for parameter in model.parameters())
