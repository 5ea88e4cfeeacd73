"""MLPs found by structure, and structures that are none."""

import pytest
import torch
from tiny_models import ARCHITECTURES, HIDDEN, LAYERS, tiny_config, tiny_model
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, BertConfig

from langneurons.errors import InputError
from langneurons.models.down import down_norms
from langneurons.models.mlps import check_causal, find_mlps

#: Number of neurons, gated or plain, and the down projection's name within a decoder layer.
EXPECTED = {
    "llama": (24, True, "model.layers.{}.mlp.down_proj"),
    "mistral": (24, True, "model.layers.{}.mlp.down_proj"),
    "qwen2": (24, True, "model.layers.{}.mlp.down_proj"),
    "gemma2": (24, True, "model.layers.{}.mlp.down_proj"),
    "gemma3_text": (24, True, "model.layers.{}.mlp.down_proj"),
    "phi3": (24, True, "model.layers.{}.mlp.down_proj"),
    "gpt_neox": (24, False, "gpt_neox.layers.{}.mlp.dense_4h_to_h"),
    "bloom": (4 * HIDDEN, False, "transformer.h.{}.mlp.dense_4h_to_h"),
    "opt": (24, False, "model.decoder.layers.{}.fc2"),
    "gpt2": (4 * HIDDEN, False, "transformer.h.{}.mlp.c_proj"),
}


def llama(**changes):
    return tiny_model(tiny_config("llama", **changes))


@pytest.mark.parametrize("meta", [False, True], ids=["weights", "meta"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_mlps_are_found(architecture, meta):
    config = tiny_config(architecture)
    if meta:
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config)
    else:
        model = tiny_model(config)
    width, gated, down = EXPECTED[architecture]
    mlps = find_mlps(model)
    assert [mlp.layer for mlp in mlps] == list(range(LAYERS))
    for mlp in mlps:
        assert (mlp.width, mlp.gated) == (width, gated)
        assert mlp.down is model.get_submodule(down.format(mlp.layer))
    check_causal(model)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_norms_of_what_each_neuron_writes(architecture):
    mlps = find_mlps(tiny_model(tiny_config(architecture)))
    norms = down_norms(mlps)
    assert norms.shape == (LAYERS, EXPECTED[architecture][0])
    for mlp, row in zip(mlps, norms, strict=True):
        # What one neuron alone adds to none, whichever way the weights lie.
        weight = mlp.down.weight if architecture == "gpt2" else mlp.down.weight.T
        alone = torch.eye(mlp.width) @ weight
        assert torch.allclose(alone.norm(dim=1), torch.from_numpy(row), atol=1e-5)


def test_weights_without_a_vector_for_each_neuron_have_no_norms():
    mlps = find_mlps(llama())
    for weight, found in [
        (torch.zeros(192, 1), r"weights of shape \(192, 1\) and type torch.float32"),
        (torch.zeros(HIDDEN, 24, dtype=torch.uint8), "type torch.uint8"),
        (torch.zeros(HIDDEN, 24, device="meta"), "that are not in memory"),
    ]:
        mlps[0].down.weight = nn.Parameter(weight, requires_grad=False)
        with pytest.raises(InputError, match=rf"layer 0: the down projection \(Linear\).*{found}"):
            down_norms(mlps)
    mlps[0].down.weight = nn.Parameter(torch.full((HIDDEN, 24), torch.nan))
    with pytest.raises(InputError, match="down projection has weights that are not finite"):
        down_norms(mlps)
    del mlps[0].down.weight
    with pytest.raises(InputError, match=r"has no weights, expected .* each of 24 neurons"):
        down_norms(mlps)


def test_replacing_the_activation_deactivates_neurons():
    """What interventions rely on: neuron 3 at zero is column 3 of the down projection gone."""
    model = llama()
    ids = torch.arange(5)[None]
    mlp = find_mlps(model)[1]

    def silence(_, __, output):
        output = output.clone()
        output[..., 3] = 0
        return output

    hook = mlp.activation.register_forward_hook(silence)
    by_hook = model(ids).logits
    hook.remove()
    assert not torch.allclose(model(ids).logits, by_hook, atol=1e-3)
    mlp.down.weight[:, 3] = 0
    torch.testing.assert_close(model(ids).logits, by_hook)


def test_finding_leaves_the_model_as_it_was():
    model = llama().train()
    find_mlps(model)
    check_causal(model)
    assert all(module.training for module in model.modules())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_a_model_in_training_is_looked_at_at_rest():
    # Dropout would make two passes differ, as if later tokens were seen.
    model = tiny_model(tiny_config("gpt2", resid_pdrop=0.5, attn_pdrop=0.5)).train()
    assert {type(mlp.activation).__name__ for mlp in find_mlps(model)} == {"NewGELUActivation"}
    check_causal(model)


@pytest.mark.parametrize(
    "name",
    ["gelu", "gelu_new", "quick_gelu", "relu", "relu2", "silu", "tanh", "mish", "leaky_relu"],
)
def test_activation_functions_that_keep_the_sign(name):
    assert len(find_mlps(llama(hidden_act=name))) == LAYERS


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sigmoid", r"layer 0 \(mlp.act_fn: Sigmoid\): .* does not keep the sign"),
        ("sqrtsoftplus", "SqrtSoftplusActivation.* does not keep the sign"),
        ("laplace", "LaplaceActivation.* does not keep the sign"),
        # xIELU is positive again left of about -2.
        ("xielu", r"XIELUActivation.* maps -2.04 to 0.00423"),
        ("linear", "layer 0: expected one activation function module, found none"),
    ],
)
def test_activation_functions_that_do_not(name, message):
    with pytest.raises(InputError, match=f"LlamaForCausalLM: .*{message}"):
        find_mlps(llama(hidden_act=name))


def test_mixtures_of_experts_are_refused():
    config = AutoConfig.for_model(
        "mixtral",
        vocab_size=64,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        num_local_experts=2,
    )
    with pytest.raises(
        InputError, match=r"MixtralForCausalLM: layer 0 is a mixture of experts \(mlp: Mixtral"
    ):
        find_mlps(tiny_model(config))


def test_one_activation_module_for_all_layers_is_refused():
    model = llama()
    model.model.layers[1].mlp.act_fn = model.model.layers[0].mlp.act_fn
    with pytest.raises(
        InputError, match=r"layer 0 \(mlp.act_fn: SiLUActivation\): .*called 2 times"
    ):
        find_mlps(model)


def test_a_second_activation_function_is_refused():
    model = llama()
    # Another function on the attention's way: which of the two makes the neurons?
    model.model.layers[1].self_attn.o_proj = nn.Tanh()
    with pytest.raises(InputError, match=r"layer 1: .* found \['self_attn.o_proj: Tanh', 'mlp"):
        find_mlps(model)


def test_different_widths_are_refused():
    model = llama()
    model.model.layers[1].mlp = llama(intermediate_size=32).model.layers[1].mlp
    with pytest.raises(InputError, match=r"different numbers of neurons: \[24, 32\]"):
        find_mlps(model)


def test_an_ambiguous_down_projection_is_refused():
    # With as many neurons as hidden dimensions, gate, up and down all have D inputs.
    with pytest.raises(InputError, match="expected one down projection with 16 inputs"):
        find_mlps(llama(intermediate_size=16))


def test_another_way_into_the_down_projection_is_refused():
    model = llama()
    mlp = model.model.layers[1].mlp
    mlp.forward = lambda x: mlp.down_proj(mlp.act_fn(mlp.gate_proj(x)) + mlp.up_proj(x))
    with pytest.raises(InputError, match="layer 1: the down projection has other inputs"):
        find_mlps(model)


def test_activations_of_part_of_the_tokens_are_refused():
    model = llama()
    mlp = model.model.layers[0].mlp
    mlp.forward = lambda x: mlp.down_proj(mlp.act_fn(mlp.gate_proj(x[:, :2])).mean(1, keepdim=True))
    # 2 rows × 2 of 3 tokens × 24 neurons.
    with pytest.raises(InputError, match=r"saw a tensor of shape \(2, 2, 24\).*6 tokens"):
        find_mlps(model)


def test_layers_that_cannot_be_told_are_refused():
    model = llama()
    model.model.others = nn.ModuleList(nn.Identity() for _ in range(LAYERS))
    with pytest.raises(InputError, match=r"one list of 2 decoder layers, found \['layers', 'oth"):
        find_mlps(model)


@pytest.mark.parametrize("flagged", [True, False])
def test_encoders_are_refused(flagged):
    config = BertConfig(
        vocab_size=64,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
    )
    model = tiny_model(config)
    if not flagged:  # the change of a later token must show by itself
        for layer in model.bert.encoder.layer:
            attention = layer.attention.self
            attention.forward = forward_without_flag(attention)
            attention.is_causal = None
    with pytest.raises(InputError, match="BertLMHeadModel: attends to later tokens"):
        check_causal(model)


def forward_without_flag(attention):
    """Let an attention module run as an encoder's although it does not say that it is one."""
    forward = attention.forward

    def run(*arguments, **keywords):
        attention.is_causal = False
        try:
            return forward(*arguments, **keywords)
        finally:
            attention.is_causal = None

    return run
