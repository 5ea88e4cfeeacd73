"""Changed activations against changed weights, and nothing left behind."""

import copy

import numpy as np
import pytest
import torch
from tiny_models import tiny_config, tiny_model
from torch import nn

from langneurons.errors import InputError
from langneurons.models.edits import Edit, intervening, zeroing
from langneurons.models.mlps import Mlp, find_mlps

ARCHITECTURES = ["mistral", "gpt2", "opt", "phi3", "gpt_neox"]
NEURONS = torch.tensor([1, 5, 17])
IDS = torch.arange(3, 23).view(2, 10)  # (B, S)


pytestmark = pytest.mark.usefixtures("one_thread")


def build(architecture, **changes):
    model = tiny_model(tiny_config(architecture, **changes))
    return model, find_mlps(model)


def logits(model, ids=IDS):
    with torch.inference_mode():
        return model(ids).logits


def continued(model):
    """Logits of eight greedy steps, (8, B, V)."""
    settings = {"max_new_tokens": 8, "do_sample": False, "use_cache": True, "pad_token_id": 0}
    settings |= {"eos_token_id": None, "output_logits": True, "return_dict_in_generate": True}
    with torch.inference_mode():
        output = model.generate(IDS, attention_mask=torch.ones_like(IDS), **settings)
    return torch.stack(output.logits)


def with_scaled_weights(model, layer, neurons, factor):
    """A copy in which what the down projection reads from these neurons is multiplied."""
    edited = copy.deepcopy(model)
    down = find_mlps(edited)[layer].down
    # GPT-2's Conv1D keeps its weight as (inputs, outputs).
    weight = down.weight if hasattr(down, "nf") else down.weight.T  # (D, hidden)
    weight[neurons] *= factor
    return edited


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(
    ("operation", "value"), [("set", 0.0), ("scale", 2.0)], ids=["zero", "double"]
)
def test_logits_are_those_of_edited_weights(architecture, operation, value):
    model, mlps = build(architecture)
    before = logits(model)
    edited = logits(with_scaled_weights(model, 1, NEURONS, value))
    with intervening(mlps, [Edit(1, NEURONS, operation, value)]):
        changed = logits(model)
    # Products with 0 and 2 are exact, so both add up the same numbers in the same order.
    assert torch.equal(changed, edited)
    assert (changed - before).abs().max() > 0.01
    assert torch.equal(logits(model), before)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_generation_with_a_cache_is_that_of_edited_weights(architecture):
    model, mlps = build(architecture)
    before = continued(model)
    edited = model
    for layer in range(2):
        edited = with_scaled_weights(edited, layer, torch.arange(12), 0.0)
    with intervening(mlps, [Edit(layer, torch.arange(12)) for layer in range(2)]):
        changed = continued(model)
    assert torch.equal(changed, continued(edited))
    assert not torch.equal(changed, before)
    assert torch.equal(continued(model), before)


@pytest.mark.parametrize("architecture", ["opt", "gpt_neox", "gpt2"])
def test_set_and_add_on_plain_mlps_are_a_changed_bias(architecture):
    model, mlps = build(architecture)
    values = torch.tensor([0.5, -1.0, 2.0])
    for operation in ("set", "add"):
        # Without the product with up, v in neuron j adds v · (its row of weights) to the bias.
        factor = 0.0 if operation == "set" else 1.0
        edited = with_scaled_weights(model, 0, NEURONS, factor)
        down = find_mlps(model)[0].down
        rows = (down.weight if hasattr(down, "nf") else down.weight.T)[NEURONS]  # (n, hidden)
        find_mlps(edited)[0].down.bias += values @ rows
        with intervening(mlps, [Edit(0, NEURONS, operation, values)]):
            torch.testing.assert_close(logits(model), logits(edited), rtol=1e-4, atol=1e-5)


class _Reference(nn.Module):
    """An activation function with the edit written out of place, number by number."""

    def __init__(self, activation, change):
        super().__init__()
        self.activation, self.change = activation, change

    def forward(self, x):
        columns = list(self.activation(x).unbind(-1))
        for neuron, change in self.change.items():
            columns[neuron] = change(columns[neuron])
        return torch.stack(columns, dim=-1)


@pytest.mark.parametrize("architecture", ["mistral", "phi3"])
@pytest.mark.parametrize(
    ("operation", "change"),
    [
        ("set", lambda value: lambda a: torch.full_like(a, value)),
        ("add", lambda value: lambda a: a + value),
        ("scale", lambda value: lambda a: a * value),
    ],
)
def test_gated_mlps_are_changed_before_the_product_with_up(architecture, operation, change):
    model, mlps = build(architecture)
    values = torch.tensor([0.5, -1.0, 3.0])
    edited = copy.deepcopy(model)
    changes = {j: change(v) for j, v in zip(NEURONS.tolist(), values.tolist(), strict=True)}
    mlp = edited.model.layers[1].mlp
    name = "act_fn" if hasattr(mlp, "act_fn") else "activation_fn"
    setattr(mlp, name, _Reference(getattr(mlp, name), changes))
    with intervening(mlps, [Edit(1, NEURONS, operation, values)]):
        assert torch.equal(logits(model), logits(edited))


@pytest.mark.parametrize("architecture", ["mistral", "opt", "gpt_neox"])
@pytest.mark.parametrize(
    ("operation", "change"),
    [
        ("set", lambda value: lambda a: torch.full_like(a, value)),
        ("add", lambda value: lambda a: a + value),
        ("scale", lambda value: lambda a: a * value),
    ],
)
def test_values_hold_at_every_step_of_generation(architecture, operation, change):
    model, mlps = build(architecture)
    values = torch.tensor([2.5, -1.0, 3.0])
    edited = copy.deepcopy(model)
    activation = find_mlps(edited)[1].activation
    changes = {j: change(v) for j, v in zip(NEURONS.tolist(), values.tolist(), strict=True)}
    parent, name = next(
        (module, name)
        for module in edited.modules()
        for name, child in module.named_children()
        if child is activation
    )
    setattr(parent, name, _Reference(activation, changes))
    before = continued(model)
    with intervening(mlps, [Edit(1, NEURONS, operation, values)]):
        changed = continued(model)
    assert torch.equal(changed, continued(edited))
    assert not torch.equal(changed, before)
    assert torch.equal(continued(model), before)


def test_edits_of_one_layer_follow_each_other():
    model, mlps = build("opt")
    both = [Edit(0, NEURONS, "set", 1.0), Edit(0, NEURONS, "scale", 3.0)]
    with intervening(mlps, [Edit(0, NEURONS, "set", 3.0)]):
        expected = logits(model)
    with intervening(mlps, both):
        assert torch.equal(logits(model), expected)
    with intervening(mlps, both[::-1]):
        assert not torch.equal(logits(model), expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_values_take_the_dtype_of_the_activations(dtype):
    model, mlps = build("mistral")
    model.to(dtype)
    values = torch.tensor([0.5, -1.0, 3.0])
    for edit in (Edit(1, NEURONS), *(Edit(1, NEURONS, name, values) for name in ("set", "add"))):
        before = logits(model)
        with intervening(mlps, [edit]):
            changed = logits(model)
        assert changed.dtype == dtype
        assert not torch.equal(changed, before)
        assert changed.isfinite().all()


def _hooks(mlps):
    return sum(len(mlp.activation._forward_hooks) for mlp in mlps)


def test_hooks_are_removed_after_an_exception():
    model, mlps = build("mistral")
    before = logits(model)

    def fail():
        with intervening(mlps, [Edit(0, NEURONS), Edit(1, NEURONS)]):
            raise KeyError(_hooks(mlps))

    with pytest.raises(KeyError, match="2"):
        fail()
    assert _hooks(mlps) == 0
    assert torch.equal(logits(model), before)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (Edit(2, NEURONS), "layer 2: the model has layers 0 to 1"),
        (Edit(1, torch.tensor([3, 24])), r"layer 1: neuron 24, expected 0 to 23 .*24 neurons"),
        (Edit(1, torch.tensor([-1])), "layer 1: neuron -1, expected 0 to 23"),
        (Edit(1, torch.tensor([3, 3])), "layer 1: a neuron is named twice"),
        (Edit(1, NEURONS, "square"), "operation 'square', expected one of"),
        (Edit(1, NEURONS, "add", torch.ones(2)), r"3 neurons but values of shape \(2,\)"),
    ],
)
def test_edits_that_do_not_fit_are_refused_before_any_hook(edit, message):
    _, mlps = build("mistral")
    with pytest.raises(InputError, match=message), intervening(mlps, [Edit(0, NEURONS), edit]):
        pass
    assert _hooks(mlps) == 0


@pytest.mark.parametrize("activation", [nn.Identity(), nn.ReLU(inplace=True)])
def test_an_output_that_is_the_input_is_left_as_it_is(activation):
    mlps = [Mlp(0, activation, nn.Linear(4, 2), 4, gated=False)]
    given = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    with intervening(mlps, [Edit(0, torch.tensor([1]))]):
        changed = activation(given)
    assert changed.tolist() == [[1, 0, 3, 4]]
    assert given.tolist() == [[1, 2, 3, 4]]


def test_gradients_pass_through_a_changed_activation():
    activation = nn.Sigmoid()  # needs its own output to go backwards
    mlps = [Mlp(0, activation, nn.Linear(3, 2), 3, gated=False)]
    given = torch.zeros(1, 3, requires_grad=True)
    with intervening(mlps, [Edit(0, torch.tensor([1]))]):
        activation(given).sum().backward()
    # d sigmoid / dx at 0 is 1/2 · 1/2; the neuron that is set has none.
    assert given.grad.tolist() == [[0.25, 0, 0.25]]


def test_zeroing_names_the_neurons_of_each_layer():
    mask = np.array([[False, True, True], [False, False, False], [True, False, False]])
    edits = zeroing(mask)
    assert [(edit.layer, edit.neurons.tolist()) for edit in edits] == [(0, [1, 2]), (2, [0])]
