"""Relevance against autograd token by token, and against finite differences."""

import json

import numpy as np
import pytest
import torch
from test_activations import FOLDS, LANGUAGES, token_table
from tiny_models import ARCHITECTURES, LAYERS, save_tiny_model, tiny_config, tiny_model

from langneurons.activations.reading import share_of_tokens
from langneurons.activations.relevance import measure_relevance, relevance_sums
from langneurons.activations.sums import SUMS, merge_sums, read_sums
from langneurons.artifacts.tables import read_arrow, read_provenance, write_table
from langneurons.errors import InputError
from langneurons.models.mlps import find_mlps
from langneurons.models.spec import ModelSpec
from langneurons.responses.schemas import TOKENS


@pytest.fixture(scope="module")
def llama():
    return tiny_model(tiny_config("llama")).double()


def sums_of(model, table, batch_tokens=40):
    settings = (LANGUAGES, FOLDS, batch_tokens)
    return relevance_sums(model, find_mlps(model), table, *settings, progress=False)


def nll_of_each(model, ids, first):
    """The NLL of each token from the position ``first`` on, given all that precede it."""
    log_p = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0].log_softmax(dim=-1)
    # Nothing predicts a token at position 0.
    return [-log_p[place - 1, ids[place]] for place in range(max(first, 1), len(ids))]


def slowly(model, table):
    """Sums by language and fold: one backward pass for each response token, then a loop."""
    mlps = find_mlps(model)
    found = np.zeros((len(LANGUAGES), FOLDS, len(mlps), mlps[0].width))
    for row in table.itertuples():
        activations = []

        def keep(_, __, output, activations=activations):
            output = output if output.requires_grad else output.detach().requires_grad_()
            activations.append(output)
            return output

        hooks = [mlp.activation.register_forward_hook(keep) for mlp in mlps]
        ids = [*map(int, row.prompt_tokens), *map(int, row.response_tokens)]
        losses = nll_of_each(model, ids, len(row.prompt_tokens))
        for hook in hooks:
            hook.remove()
        gradients = [torch.zeros_like(one) for one in activations]
        for loss in losses:
            for total, one in zip(
                gradients,
                torch.autograd.grad(loss, activations, retain_graph=True),
                strict=True,
            ):
                total += one
        k = LANGUAGES.index(row.language)
        for layer, (a, gradient) in enumerate(zip(activations, gradients, strict=True)):
            products = (a * gradient).abs().reshape(len(ids), -1).detach().numpy()
            for place in range(len(row.prompt_tokens), len(ids)):
                found[k, row.fold, layer] += products[place]
    return found


def assert_alike(found, expected):
    """To 1e-6 of a layer's largest sum; logits are float32 numbers."""
    largest = expected.max(axis=(0, 1, 3), keepdims=True)
    assert (largest > 0).all()
    assert (np.abs(found - expected) <= 1e-6 * largest).all()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_sums_equal_autograd_token_by_token(architecture):
    model = tiny_model(tiny_config(architecture)).double()
    table = token_table()
    sums = sums_of(model, table)
    assert sums.active.dtype == np.float64
    assert_alike(sums.active, slowly(model, table))
    for k, language in enumerate(LANGUAGES):
        for fold in range(FOLDS):
            rows = table[(table["language"] == language) & (table["fold"] == fold)]
            assert sums.tokens[k, fold] == sum(map(len, rows["response_tokens"]))


@pytest.mark.parametrize(
    ("architecture", "step", "tolerance"),
    # Llama's norms round to float32, so that smaller steps drown in rounding.
    [("opt", 1e-4, 1e-5), ("gpt_neox", 1e-4, 1e-5), ("llama", 3e-2, 1e-2)],
)
def test_it_is_the_change_of_the_nll_when_an_activation_is_scaled(architecture, step, tolerance):
    """a · ∂NLL/∂a = d NLL(a · (1 + ε)) / dε, by central differences, without any gradient."""
    model = tiny_model(tiny_config(architecture)).double()
    mlps = find_mlps(model)
    table = token_table().iloc[:1]
    row = table.iloc[0]
    first, ids = len(row["prompt_tokens"]), [*row["prompt_tokens"], *row["response_tokens"]]

    def nll(layer, place, neuron, factor):
        def scale(_, __, output):
            output = output.clone()
            output.view(len(ids), -1)[place, neuron] *= factor
            return output

        hook = mlps[layer].activation.register_forward_hook(scale)
        try:
            return float(sum(nll_of_each(model, list(map(int, ids)), first)))
        finally:
            hook.remove()

    found = sums_of(model, table).active[LANGUAGES.index(row["language"]), row["fold"]]
    for layer in range(LAYERS):
        for neuron in (0, 7, 23):
            slopes = [
                (nll(layer, place, neuron, 1 + step) - nll(layer, place, neuron, 1 - step))
                / (2 * step)
                for place in range(first, len(ids))
            ]
            expected = np.abs(slopes).sum()
            assert found[layer, neuron] == pytest.approx(expected, rel=tolerance, abs=1e-5)


def test_padding_batching_and_order_change_nothing(llama):
    table = token_table()
    row_by_row = sums_of(llama, table, 1).active
    np.testing.assert_allclose(sums_of(llama, table, 10**6).active, row_by_row, rtol=1e-5)
    shuffled = table.sample(frac=1, random_state=0)
    np.testing.assert_allclose(sums_of(llama, shuffled, 30).active, row_by_row, rtol=1e-5)


def test_logits_in_pieces_change_nothing(llama, monkeypatch):
    from langneurons.models import likelihood

    expected = sums_of(llama, token_table(), 10**6).active
    monkeypatch.setattr(likelihood, "LOGITS_HELD", 2 * 259)  # two tokens at a time
    np.testing.assert_allclose(sums_of(llama, token_table(), 10**6).active, expected, rtol=1e-5)


def test_a_text_without_prompt_has_a_first_token_that_nothing_predicts(llama):
    table = token_table().iloc[:2]
    nothing = [np.zeros(0, dtype=np.int64)] * 2
    table = table.assign(prompt_tokens=nothing, response_tokens=[[5], [6, 7, 8]])
    sums = sums_of(llama, table)
    expected = slowly(llama, table)
    assert_alike(sums.active, expected)
    en = LANGUAGES.index(table.iloc[0]["language"])
    assert sums.active[en].sum() == 0  # it has one token, whose loss is none
    assert sums.tokens[en].sum() == 1


def test_hooks_and_gradients_are_gone_after_success_and_failure(llama):
    def hooks():
        return sum(
            len(module._forward_hooks) + len(module._forward_pre_hooks)
            for module in llama.modules()
        )

    mlps = find_mlps(llama)
    sums_of(llama, token_table())
    assert hooks() == 0
    failing = llama.model.layers[1].register_forward_pre_hook(lambda *_: 1 / 0)
    try:
        with pytest.raises(ZeroDivisionError):
            relevance_sums(llama, mlps, token_table(), LANGUAGES, FOLDS, 40, progress=False)
        assert hooks() == 1
    finally:
        failing.remove()
    assert all(p.grad is None and not p.requires_grad for p in llama.parameters())


def test_numbers_that_are_not_finite_name_the_layer():
    model = tiny_model(tiny_config("llama"))
    mlps = find_mlps(model)
    settings = (token_table(), LANGUAGES, FOLDS, 40)
    with torch.no_grad():
        model.model.layers[1].self_attn.v_proj.weight[0, 0] = torch.nan
    expected = r"LlamaForCausalLM: NaN .* in the neurons of layer 1 \(torch.float32\)"
    with pytest.raises(InputError, match=expected):
        relevance_sums(model, mlps, *settings, progress=False)
    model = tiny_model(tiny_config("llama"))
    mlps = find_mlps(model)

    def overflow(_, gradients, __):
        return (gradients[0] * torch.inf,)

    model.model.layers[1].register_full_backward_hook(overflow)
    with pytest.raises(InputError, match="in the gradients of layer 0"):
        relevance_sums(model, mlps, *settings, progress=False)


def test_a_row_that_the_model_cannot_take_is_named(llama):
    table = token_table()
    table.at[3, "language"] = "xx"
    with pytest.raises(InputError, match=r"problem 'p1', language 'xx'.* languages sw en th"):
        sums_of(llama, table)


@pytest.mark.parametrize("n", [1, 3, 7])
def test_shares_add_up_to_the_whole(tmp_path, llama, n):
    folder = save_tiny_model(tmp_path / "model", "llama")
    tokens = tmp_path / "tokens.parquet"
    table = token_table()
    write_table(table.drop(columns="fold"), tokens, TOKENS)
    spec = ModelSpec(str(folder), device="cpu", dtype="float64")
    paths = [tmp_path / f"{index}.parquet" for index in range(1, n + 1)]
    for index, path in enumerate(paths, start=1):
        measure_relevance(spec, tokens, path, LANGUAGES, FOLDS, (index, n), 40, progress=False)
        assert read_provenance(path)["share"] == [index, n]
        assert read_arrow(path, SUMS).num_rows == len(LANGUAGES) * FOLDS * LAYERS
    merge_sums(paths, tmp_path / "all.parquet", LANGUAGES)
    found, expected = read_sums(tmp_path / "all.parquet", LANGUAGES), sums_of(llama, table)
    np.testing.assert_allclose(found.active, expected.active, rtol=1e-5)
    np.testing.assert_array_equal(found.tokens, expected.tokens)


def test_an_empty_share_loads_no_weights(tmp_path):
    folder = save_tiny_model(tmp_path / "model", "llama")
    (folder / "model.safetensors").unlink()
    tokens, output = tmp_path / "tokens.parquet", tmp_path / "sums.parquet"
    write_table(token_table(problems=2).drop(columns="fold"), tokens, TOKENS)
    sizes = [len(share_of_tokens(tokens, FOLDS, (index, 7))[0]) for index in range(1, 8)]
    share = (sizes.index(0) + 1, 7)
    spec = ModelSpec(str(folder), device="cpu")
    measure_relevance(spec, tokens, output, LANGUAGES, FOLDS, share, progress=False)
    none = read_sums(output, LANGUAGES)
    assert none.active.shape == (3, FOLDS, LAYERS, 24)
    assert none.active.sum() == none.tokens.sum() == 0
    with pytest.raises(InputError, match="weights"):
        measure_relevance(spec, tokens, output, LANGUAGES, FOLDS, progress=False)


def test_a_quantised_checkpoint_is_refused_before_its_weights_are_read(tmp_path):
    folder = save_tiny_model(tmp_path / "model", "llama")
    (folder / "model.safetensors").unlink()
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "gptq", "bits": 4}
    (folder / "config.json").write_text(json.dumps(config))
    expected = r"model: its weights are quantised \(gptq\), but neurons\.relevance needs gradients"
    unread = tmp_path / "none.parquet"
    with pytest.raises(InputError, match=expected):
        measure_relevance(ModelSpec(str(folder), device="cpu"), unread, unread, LANGUAGES, FOLDS)
