"""Changes of the weights of some neurons: what they are, and that nothing else changes."""

import numpy as np
import pytest
import torch
from importance_cases import OUTPUTS, double_model
from tiny_models import LAYERS, tiny_config, tiny_model
from torch.nn.functional import cross_entropy

from langneurons.models.mlps import find_mlps
from langneurons.models.neuron_weights import NeuronChanges, find_neuron_weights
from langneurons.models.probing import decoder_layers

IDS = torch.randint(0, 259, (2, 9), generator=torch.Generator().manual_seed(5))
#: Architecture → (weights, whether neurons are rows, the first neuron's place) in a decoder layer.
WEIGHTS = {
    "llama": [("mlp.gate_proj", True, 0), ("mlp.up_proj", True, 0), ("mlp.down_proj", False, 0)],
    "gemma3_text": [
        ("mlp.gate_proj", True, 0), ("mlp.up_proj", True, 0), ("mlp.down_proj", False, 0),
    ],
    "phi3": [
        ("mlp.gate_up_proj", True, 0), ("mlp.gate_up_proj", True, 24), ("mlp.down_proj", False, 0),
    ],
    "gpt_neox": [("mlp.dense_h_to_4h", True, 0), ("mlp.dense_4h_to_h", False, 0)],
    "bloom": [("mlp.dense_h_to_4h", True, 0), ("mlp.dense_4h_to_h", False, 0)],
    "opt": [("fc1", True, 0), ("fc2", False, 0)],
    "gpt2": [("mlp.c_fc", False, 0), ("mlp.c_proj", True, 0)],
}  # fmt: skip


def chosen(width):
    """Some neurons of the last layer, one of the first."""
    neurons = np.zeros((LAYERS, width), dtype=bool)
    neurons[0, 3] = neurons[1, [0, 5, width - 1]] = True
    return neurons


def changes_of(model):
    mlps = find_mlps(model)
    neurons = chosen(mlps[0].width)
    return NeuronChanges(find_neuron_weights(model, mlps), neurons), neurons


def randomised(changes):
    generator = torch.Generator().manual_seed(6)
    with torch.no_grad():
        for parameter in changes.parameters:
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.add_(0.3 * noise.to(parameter.dtype))


def vectors_of(architecture, neurons):
    """Yield the names of weights, with the slices that are the chosen neurons'."""
    for layer in range(LAYERS):
        for name, rows, start in WEIGHTS[architecture]:
            index = start + np.flatnonzero(neurons[layer])
            yield layer, name, (index, slice(None)) if rows else (slice(None), index)


@pytest.mark.parametrize("architecture", WEIGHTS)
def test_only_the_weights_of_the_neurons_change_and_come_back(architecture):
    assert architecture in OUTPUTS
    model = tiny_model(tiny_config(architecture))
    changes, neurons = changes_of(model)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    randomised(changes)
    with changes.merged():
        inside = {name: weight.clone() for name, weight in model.state_dict().items()}
    own = {name: torch.zeros_like(weight, dtype=torch.bool) for name, weight in before.items()}
    prefixes = {id(block): name for name, block in model.named_modules()}
    for layer, name, where in vectors_of(architecture, neurons):
        block = prefixes[id(decoder_layers(model)[layer])]
        own[f"{block}.{name}.weight"][where] = True
    for name, weight in before.items():
        differ = inside[name] != weight
        assert torch.equal(differ, own[name]), name  # bit by bit: those and no others
        assert torch.equal(model.state_dict()[name], weight)
    assert sum(int(marks.sum()) for marks in own.values()) == sum(
        parameter.numel() for parameter in changes.parameters
    )


@pytest.mark.parametrize("architecture", WEIGHTS)
def test_what_is_trained_is_what_is_merged(architecture):
    model = double_model(architecture)
    changes, _ = changes_of(model)
    unchanged = model(IDS).logits
    with changes.added():
        torch.testing.assert_close(model(IDS).logits, unchanged, rtol=0, atol=1e-12)
    randomised(changes)
    with changes.added(), torch.no_grad():
        added = model(IDS).logits
    with changes.merged():
        merged = model(IDS).logits
    torch.testing.assert_close(added, merged, rtol=1e-9, atol=1e-9)
    assert (merged - unchanged).abs().max() > 1e-3


@pytest.mark.parametrize("architecture", WEIGHTS)
def test_gradients_are_those_of_the_whole_weights_at_the_neurons(architecture):
    model = double_model(architecture)
    changes, neurons = changes_of(model)

    def loss():
        logits = model(IDS).logits[:, :-1]
        return cross_entropy(logits.flatten(0, 1), IDS[:, 1:].flatten())

    with changes.added():
        loss().backward()
    model.requires_grad_(True)
    loss().backward()
    expected = []
    for layer, name, where in vectors_of(architecture, neurons):
        gradient = decoder_layers(model)[layer].get_submodule(name).weight.grad[where]
        expected.append(gradient.flatten().sort().values)
    found = [parameter.grad.flatten().sort().values for parameter in changes.parameters]
    key = len
    for one in expected:
        near = [two for two in found if key(two) == key(one)]
        assert min((two - one).abs().max() for two in near) < 1e-9 * one.abs().max()


def test_changes_of_half_precision_are_kept_in_float32():
    model = tiny_model(tiny_config("llama")).to(torch.bfloat16)
    changes, _ = changes_of(model)
    assert {parameter.dtype for parameter in changes.parameters} == {torch.float32}
    assert sum(parameter.numel() for parameter in changes.parameters) == 4 * 3 * 16
    before = model(IDS).logits
    randomised(changes)
    with changes.added():
        assert model(IDS).logits.dtype == torch.bfloat16
    with changes.merged():
        assert not torch.equal(model(IDS).logits, before)
    assert torch.equal(model(IDS).logits, before)
