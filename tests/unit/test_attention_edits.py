"""Dimensions of queries, keys and values off, against the model's own code without them."""

from contextlib import ExitStack

import numpy as np
import pytest
import torch
from importance_cases import OUTPUTS, SHAPES, double_model, edited_heads, exact_softmax
from tiny_models import LAYERS, tiny_config, tiny_model

from langneurons.errors import InputError
from langneurons.models.attention import find_attention
from langneurons.models.attention_edits import switching_off
from langneurons.models.probing import decoder_layers, decoder_of

#: The second row is longer than a window of 8.
IDS = torch.randint(0, 259, (2, 11), generator=torch.Generator().manual_seed(3))


def masks(architecture, components=("q", "k", "v"), share=0.3):
    """Some dimensions of each component in each layer."""
    heads, groups, width = SHAPES[architecture]
    random = np.random.default_rng(1)
    sizes = {"q": heads * width, "k": groups * width, "v": groups * width}
    return {name: random.random((LAYERS, sizes[name])) < share for name in components}


def zeroing(off, layer):
    """Zero what is off in a layer, one dimension of one head at a time."""

    def edit(*tensors):
        changed = [tensor.clone() for tensor in tensors]
        for name, mask in off.items():
            tensor = changed["qkv".index(name)]
            for position in np.flatnonzero(mask[layer]):
                head, dimension = divmod(int(position), tensor.shape[-1])
                tensor[:, head, :, dimension] = 0
        return tuple(changed)

    return edit


def states_by_brute_force(model, architecture, off):
    attention = OUTPUTS[architecture][0].rpartition(".")[0]
    with ExitStack() as edits:
        for layer, block in enumerate(decoder_layers(model)):
            module = block.get_submodule(attention)
            edits.enter_context(edited_heads(model, module, zeroing(off, layer)))
        edits.enter_context(exact_softmax())
        return decoder_of(model)(input_ids=IDS, use_cache=False)[0]


def states(model, off):
    with switching_off(model, find_attention(model), off):
        return decoder_of(model)(input_ids=IDS, use_cache=False)[0]


def assert_alike(found, expected):
    assert (found - expected).abs().max() < 1e-6 * expected.abs().max()


@pytest.mark.parametrize("architecture", OUTPUTS)
def test_dimensions_are_off_as_in_the_models_own_code(architecture):
    model = double_model(architecture)
    for components in (("q",), ("k",), ("v",), ("q", "k", "v")):
        off = masks(architecture, components)
        expected = states_by_brute_force(model, architecture, off)
        assert_alike(states(model, off), expected)
        assert (expected - states(model, {})).abs().max() > 1e-3 * expected.abs().max()


@pytest.mark.parametrize("architecture", ["llama", "gemma3_text", "phi3", "gpt2"])
def test_the_product_is_computed_as_the_model_was_set_to(architecture, monkeypatch):
    model = double_model(architecture)
    off = masks(architecture)
    expected = states_by_brute_force(model, architecture, off)
    decoder_of(model).set_attn_implementation("sdpa")
    attentions = find_attention(model)
    called = []
    product = torch.nn.functional.scaled_dot_product_attention
    monkeypatch.setattr(
        torch.nn.functional,
        "scaled_dot_product_attention",
        lambda *given, **options: called.append(1) or product(*given, **options),
    )
    with switching_off(model, attentions, off):
        found = decoder_of(model)(input_ids=IDS, use_cache=False)[0]
    assert_alike(found, expected)
    assert len(called) == LAYERS
    assert decoder_of(model).config._attn_implementation == "sdpa"


@pytest.mark.parametrize("architecture", ["llama", "bloom"])
def test_nothing_stays_behind(architecture):
    model = tiny_model(tiny_config(architecture))
    before = model(IDS).logits
    with switching_off(model, find_attention(model), masks(architecture)):
        assert not torch.equal(model(IDS).logits, before)
    assert torch.equal(model(IDS).logits, before)
    assert not any(module._forward_hooks for module in model.modules())
    nothing = {name: np.zeros_like(mask) for name, mask in masks(architecture).items()}
    with switching_off(model, find_attention(model), nothing):
        assert torch.equal(model(IDS).logits, before)


def test_neurons_of_another_model_are_refused():
    model = double_model("llama")
    attentions = find_attention(model)
    expected = "neurons of another model: 7 dimensions of k a layer, expected 8"
    with (
        pytest.raises(InputError, match=expected),
        switching_off(model, attentions, {"k": np.ones((LAYERS, 7), bool)}),
    ):
        pass
    with (
        pytest.raises(InputError, match="neurons of another model: q in 3 layers, expected 2"),
        switching_off(model, attentions, {"q": np.ones((3, 16), bool)}),
    ):
        pass
