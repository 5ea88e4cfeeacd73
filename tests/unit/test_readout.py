"""The direct path from a neuron to a logit, against the norms' formulas written out."""

import pandas as pd
import pytest
import torch
from tiny_models import ARCHITECTURES, LAYERS, tiny_config, tiny_model
from torch.nn import LayerNorm
from transformers import AutoConfig

from langneurons.errors import InputError
from langneurons.models.batches import batches
from langneurons.models.mlps import find_mlps
from langneurons.models.probing import decoder_layers, decoder_of
from langneurons.models.readout import find_readout, norm_of
from langneurons.sharing.observer import Observer

#: Beside `ARCHITECTURES`: a norm after each MLP, one with a multiple of each output, a LayerNorm
#: without a bias.
OTHERS = {
    "gemma3_text": ARCHITECTURES["gemma2"],
    "olmo2": ARCHITECTURES["llama"],
    "granite": {**ARCHITECTURES["llama"], "residual_multiplier": 0.22, "logits_scaling": 3.0},
    "cohere": ARCHITECTURES["llama"],
}
IDS = [5, 80, 41, 7, 200, 33]


def model_of(architecture, **changes):
    if architecture in OTHERS:
        special = {"vocab_size": 259, "bos_token_id": 1, "eos_token_id": 2}
        config = AutoConfig.for_model(architecture, **special, **OTHERS[architecture])
    else:
        config = tiny_config(architecture, **changes)
    return tiny_model(config).double()


def through(norm, vector, stream):
    """What a norm makes of a part of what it reads, by the formula of its architecture."""
    if isinstance(norm, LayerNorm) or "LayerNorm" in type(norm).__name__:
        eps = getattr(norm, "eps", None) or norm.variance_epsilon
        scale = torch.rsqrt(stream.var(unbiased=False) + eps)
        return norm.weight * (vector - vector.mean()) * scale
    eps = getattr(norm, "eps", None) or norm.variance_epsilon
    gain = 1 + norm.weight if "Gemma" in type(norm).__name__ else norm.weight
    return gain * vector * torch.rsqrt(stream.square().mean() + eps)


def kept(found, key):
    return lambda _, arguments, output: found.update({key: (arguments[0], output)})


def by_hand(model, mlps, ids, target):
    """Effective scores at the last token, a loop over all neurons, (L, D)."""
    found, hooks = {}, []
    for layer, mlp in zip(decoder_layers(model), mlps, strict=True):
        hooks.append(mlp.down.register_forward_hook(kept(found, mlp.layer)))
        after = getattr(layer, "post_feedforward_layernorm", None)
        if after is not None:
            hooks.append(after.register_forward_hook(kept(found, ("after", mlp.layer))))
    decoder = decoder_of(model)
    final = next(
        getattr(decoder, name) for name in ("norm", "ln_f", "final_layer_norm", "decoder")
        if hasattr(decoder, name)
    )  # fmt: skip
    hooks.append(final.register_forward_hook(kept(found, "final")))
    with torch.no_grad():
        decoder(input_ids=torch.tensor([ids]), use_cache=False)
    for hook in hooks:
        hook.remove()
    row = model.get_output_embeddings().weight[target]
    stream = found["final"][0].reshape(len(ids), -1)[-1]
    factor = getattr(model.config, "residual_multiplier", 1.0)
    scores = torch.zeros(len(mlps), mlps[0].width, dtype=torch.float64)
    for mlp in mlps:
        m, out = (part.reshape(len(ids), -1)[-1] for part in found[mlp.layer])
        weight = mlp.down.weight.T if hasattr(mlp.down, "nx") else mlp.down.weight
        for i in range(mlp.width):
            vector = m[i] * weight[:, i]
            if ("after", mlp.layer) in found:
                norm = decoder_layers(model)[mlp.layer].post_feedforward_layernorm
                vector = through(norm, vector, out)
            scores[mlp.layer, i] = row @ through(final, factor * vector, stream)
    return scores


@pytest.mark.parametrize("architecture", [*ARCHITECTURES, *OTHERS])
def test_effective_scores_are_those_of_the_norms_formulas(architecture):
    model = model_of(architecture)
    mlps = find_mlps(model)
    readout = find_readout(model, mlps)
    observer = Observer(model, mlps, readout)
    rows = pd.DataFrame(
        [([5, 80, 41, 7, 200], [33], 0), ([5, 9], [8], 0)],
        columns=["prompt_tokens", "response_tokens", "group"],
    )
    (batch,) = batches(rows, rows["group"].to_numpy(), 100, decoder_of(model).config)
    with torch.inference_mode(), observer.watching():
        seen = observer.see(batch, torch.tensor([77, 3]))
    for row, ids, target in ((0, IDS, 77), (1, [5, 9, 8], 3)):
        expected = by_hand(model, mlps, ids, target)
        assert seen.effective.shape == (2, LAYERS, mlps[0].width)
        error = (seen.effective[row] - expected).abs().max() / expected.abs().max()
        assert error < 1e-6


def test_without_a_target_the_likeliest_token_is_taken():
    model = model_of("gemma2")
    mlps = find_mlps(model)
    readout = find_readout(model, mlps)
    with torch.inference_mode():
        logits = model(torch.tensor([IDS])).logits[0]
        states = decoder_of(model)(torch.tensor([IDS]))[0][0]
    assert readout.likeliest(states).tolist() == logits.argmax(-1).tolist()


def test_what_is_not_only_added_is_refused():
    # Its LayerNorms are of the sum: every later one is on the path.
    model = model_of("opt", do_layer_norm_before=False)
    with pytest.raises(InputError, match="layer 0: what the MLP writes is not only added"):
        find_readout(model, find_mlps(model))


def test_something_else_than_a_norm_before_the_head_is_refused():
    model = model_of("llama")
    norm = decoder_of(model).norm
    norm.register_forward_hook(lambda _, __, output: output.square())
    with pytest.raises(InputError, match="something else than a norm"):
        find_readout(model, find_mlps(model))


@pytest.mark.parametrize("width", [16, 15])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_norms_are_told_from_other_modules(width, dtype):
    like = torch.zeros(1, width, dtype=dtype)
    layer_norm = LayerNorm(width, dtype=dtype)
    with torch.no_grad():
        layer_norm.bias.fill_(0.5)
        layer_norm.weight.copy_(torch.linspace(-1, 2, width))
    found = norm_of(layer_norm, like)
    assert found.centred
    torch.testing.assert_close(found.gain.to(dtype), layer_norm.weight, rtol=1e-2, atol=1e-2)
    assert not norm_of(torch.nn.RMSNorm(width, dtype=dtype), like).centred
    for module in (
        torch.nn.Identity(), torch.nn.Dropout(), torch.nn.Tanh(), torch.nn.Softmax(-1),
        torch.nn.Linear(width, width, dtype=dtype), torch.nn.Embedding(4, width),
    ):  # fmt: skip
        assert norm_of(module.eval(), like) is None
