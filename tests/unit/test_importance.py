"""Closed forms of importance against switching neurons off, one at a time."""

import pytest
import torch
from importance_cases import OUTPUTS, SHAPES, double_model, measured, switched_off
from tiny_models import HIDDEN, tiny_config, tiny_model
from torch import nn
from transformers import BitNetConfig, BitNetForCausalLM, FalconConfig, FalconForCausalLM

from langneurons.errors import InputError
from langneurons.importance import closed_forms
from langneurons.importance.components import COMPONENTS
from langneurons.models.attention import find_attention, out_weight, watching
from langneurons.models.mlps import find_mlps
from langneurons.models.probing import decoder_layers, decoder_of
from langneurons.models.up_projections import find_ups


def texts(*lengths: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(4)
    return [torch.randint(0, 259, (length,), generator=generator) for length in lengths]


def assert_exact(found, expected, layer, row):
    for component, changes in expected.items():
        error = (found[component, layer, row] - changes).abs().max() / changes.max()
        assert error < 1e-6, (component, layer, row, error)
        # Neurons differ by far more than that: no other order would pass.
        assert changes.std() / changes.max() > 0.05


@pytest.mark.parametrize("architecture", OUTPUTS)
def test_closed_forms_equal_switching_each_neuron_off(architecture):
    model = double_model(architecture)
    batch = texts(12, 5)  # the first is longer than a window of 8, the second has padding
    found = measured(model, batch)
    for layer, row in ((0, 0), (1, 1)):
        assert_exact(found, switched_off(model, architecture, batch[row], layer), layer, row)


@pytest.mark.parametrize(
    ("architecture", "changes"),
    [
        ("gemma2", {"attn_logit_softcapping": 0.5}),
        ("gemma3_text", {"query_pre_attn_scalar": 1, "num_key_value_heads": 1}),
        # Heads wider than the hidden state, and far narrower.
        ("llama", {"head_dim": 12}),
        ("llama", {"head_dim": 4, "num_attention_heads": 2, "num_key_value_heads": 1}),
        ("llama", {"attention_bias": True, "mlp_bias": True}),
        ("gpt2", {"scale_attn_by_inverse_layer_idx": True}),
    ],
    ids=str,
)
def test_they_do_so_for_other_shapes_and_scales(architecture, changes, monkeypatch):
    model = double_model(architecture, **changes)
    config = model.config
    groups = getattr(config, "num_key_value_heads", 4)
    width = getattr(config, "head_dim", None) or HIDDEN // config.num_attention_heads
    monkeypatch.setitem(SHAPES, architecture, (config.num_attention_heads, groups, width))
    ids = texts(7)
    assert_exact(measured(model, ids), switched_off(model, architecture, ids[0], 1), 1, 0)


def test_blocks_change_nothing(monkeypatch):
    model, batch = double_model("mistral"), texts(12, 5)
    expected = measured(model, batch)
    monkeypatch.setattr(closed_forms, "_QUERIES", 5)
    monkeypatch.setattr(closed_forms, "_BLOCK", {"cpu": 300, "other": 1})
    assert_same(measured(model, batch), expected)


def assert_same(found, expected):
    """But for the softmax in float32 of attention that is not watched."""
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        torch.testing.assert_close(found[key], values, rtol=1e-5, atol=1e-6)


def test_components_alone_and_texts_alone_are_the_same():
    model, batch = double_model("gemma3_text"), texts(9, 4)
    together = measured(model, batch)
    for component in COMPONENTS:
        alone = measured(model, batch, components=(component,))
        assert_same(alone, {key: v for key, v in together.items() if key[0] == component})
    short = {(*key[:2], 1): values for key, values in measured(model, batch[1:]).items()}
    assert_same(short, {key: values for key, values in together.items() if key[2] == 1})


@pytest.mark.parametrize("architecture", ["llama", "phi3", "opt"])
def test_what_the_released_code_computes(architecture):
    model, ids = double_model(architecture), texts(7)
    found = measured(model, ids, released=True)
    block = decoder_layers(model)[1]
    caught = {}
    names = {"llama": "mlp.up_proj", "phi3": "mlp.gate_up_proj", "opt": "fc1"}
    out = block.get_submodule(OUTPUTS[architecture][0])
    hooks = [
        out.register_forward_pre_hook(lambda _, given: caught.update(out=given[0][0])),
        block.get_submodule(names[architecture]).register_forward_hook(
            lambda _, __, given: caught.update(up=given.reshape(7, -1))
        ),
    ]
    decoder_of(model)(input_ids=ids[0][None], use_cache=False)
    for hook in hooks:
        hook.remove()
    seen = seen_at(model, ids[0], 1)
    # Phi-3: the second half of the fused projection is up.
    up = caught["up"][:, -24:]
    torch.testing.assert_close(found["ffn", 1, 0], up.abs().sum(dim=0), rtol=1e-5, atol=1e-6)
    heads, groups, width = SHAPES[architecture]
    v, q, k = torch.zeros(groups, width), torch.zeros(heads, width), torch.zeros(groups, width)
    query, key = seen.query[0], seen.key[0]
    for head in range(heads):
        group = head * groups // heads
        scores = query[head] @ key[group].T * seen.scaling + seen.bias[0, 0]
        for dimension in range(width):
            v[group, dimension] += caught["out"][:, head * width + dimension].abs().sum()
            product = torch.outer(query[head, :, dimension], key[group, :, dimension])
            change = scores.softmax(dim=-1) - (scores - product).softmax(dim=-1)
            q[head, dimension] = (change**2).sum()
            k[group, dimension] += (change**2).sum()
    for component, expected in {"q": q, "k": k, "v": v}.items():
        torch.testing.assert_close(
            found[component, 1, 0], expected.flatten().double(), rtol=1e-5, atol=1e-6
        )


def seen_at(model, ids, layer):
    """What the attention of a layer is given, from a pass that is watched."""
    seen = {}
    with watching(model, find_attention(model), seen.__setitem__), torch.no_grad():
        decoder_of(model)(input_ids=ids[None], use_cache=False)
    return seen[layer]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_half_precision_is_measured_in_float32(dtype):
    expected = measured(double_model("llama"), texts(9))
    model = double_model("llama").to(dtype)
    found = measured(model, texts(9))
    for key, values in found.items():
        assert values.dtype == torch.float32
        tolerance = {torch.float32: 1e-5, torch.bfloat16: 0.1}[dtype]
        assert (values - expected[key]).abs().max() < tolerance * expected[key].max()


def test_measuring_leaves_the_model_as_it_was():
    model = tiny_model(tiny_config("llama"))
    before = model.config._attn_implementation
    logits = model(torch.arange(5)[None]).logits
    measured(model, texts(5))
    assert model.config._attn_implementation == before == "sdpa"
    assert torch.equal(model(torch.arange(5)[None]).logits, logits)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_attention_that_cannot_be_seen_is_refused_by_name():
    config = FalconConfig(
        vocab_size=259, hidden_size=HIDDEN, num_hidden_layers=2, num_attention_heads=4
    )
    with pytest.raises(InputError, match="FalconForCausalLM: computes attention inside its own"):
        find_attention(FalconForCausalLM(config).eval())


def test_norms_after_the_heads_or_the_neurons_are_refused():
    """BitNet normalises what its projections read: without a neuron all others change too."""
    config = BitNetConfig(
        vocab_size=259,
        hidden_size=HIDDEN,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    model = BitNetForCausalLM(config).eval()
    with pytest.raises(InputError, match="layer 0: expected one projection that reads the heads"):
        find_attention(model)
    with pytest.raises(InputError, match=r"layer 0: the down projection \(.*\) does not read the"):
        find_ups(model, find_mlps(model))


def test_weights_that_cannot_be_read_are_named():
    attention = find_attention(tiny_model(tiny_config("llama")))[0]
    attention.out.weight = nn.Parameter(torch.zeros(8, 1, dtype=torch.uint8), requires_grad=False)
    with pytest.raises(InputError, match=r"output projection \(Linear\) has weights of shape"):
        out_weight(attention)
