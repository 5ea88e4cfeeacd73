"""Adapters of known size merged into checkpoints: weights, norms and errors by hand."""

import json
import logging
import shutil

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from tiny_models import save_tiny_model
from transformers import AutoModelForCausalLM

from langneurons.alignment.checkpoints import merge_adapter
from langneurons.errors import InputError
from langneurons.models.inspection import inspect_model
from langneurons.models.loading import load_model
from langneurons.models.spec import ModelSpec

#: In layer 0 and 1: queries and outputs of attention, one projection of the MLP.
TARGETS = ["q_proj", "o_proj", "down_proj"]


def save_adapter(spec, folder, size, targets=TARGETS, step=7):
    """Save an adapter whose B has numbers of about ``size``."""
    torch.manual_seed(0)
    lora = LoraConfig(task_type="CAUSAL_LM", r=2, lora_alpha=6, target_modules=targets)
    adapted = get_peft_model(load_model(spec), lora)
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            weight.data = torch.randn_like(weight) * size
    adapted.save_pretrained(folder / f"step-{step}")
    return folder


@pytest.fixture
def base(tmp_path):
    """A model in bfloat16."""
    path = save_tiny_model(tmp_path / "base", "llama", num_key_value_heads=4)
    AutoModelForCausalLM.from_pretrained(path, dtype=torch.bfloat16).save_pretrained(path)
    return ModelSpec(str(path), dtype="bfloat16", device="cpu")


def weights(folder):
    return load_file(f"{folder}/model.safetensors")


def updates(adapters, step=7):
    """Each adapted matrix's name and what is added to it, in float64: α / r · B A."""
    file = load_file(adapters / f"step-{step}/adapter_model.safetensors")
    names = [name for name in file if ".lora_A." in name]
    return {
        name.replace("base_model.model.", "").replace("lora_A.", ""): 3
        * file[name.replace("lora_A", "lora_B")].double()
        @ file[name].double()
        for name in names
    }


def norm(tensors):
    return float(torch.cat([tensor.flatten() for tensor in tensors]).norm())


def facts_of(folder):
    return json.loads((folder / "alignment.json").read_text())


def test_a_small_update_is_kept_in_float32(tmp_path, base):
    adapters = save_adapter(base, tmp_path / "adapters", 1e-5)
    merge_adapter(base, adapters, 7, tmp_path / "merged")
    before, after, added = weights(base.path), weights(tmp_path / "merged"), updates(adapters)
    assert len(added) == 6
    assert {str(tensor.dtype) for tensor in before.values()} == {"torch.bfloat16"}
    assert set(before) == set(after)
    for name, tensor in after.items():
        assert tensor.dtype == torch.float32
        expected = before[name].double() + added.get(name, 0)
        torch.testing.assert_close(tensor.double(), expected, rtol=1e-7, atol=1e-9)
    facts = facts_of(tmp_path / "merged")
    assert facts["update_norm"] == pytest.approx(norm(added.values()), rel=1e-5)
    lost = [after[name].double() - before[name].double() - change for name, change in added.items()]
    assert 0 < facts["merge_error"] == pytest.approx(norm(lost) / norm(added.values()), rel=0.05)
    assert facts["merge_error"] < 0.01
    assert (facts["step"], facts["base"]) == (7, base.path)
    assert json.loads((tmp_path / "merged/config.json").read_text())["dtype"] == "float32"


def test_a_dtype_that_loses_a_small_update_is_refused(tmp_path, base):
    adapters = save_adapter(base, tmp_path / "adapters", 1e-3)
    before, added = weights(base.path), updates(adapters)
    rounded = {
        name: (before[name].double() + change).to(torch.bfloat16).double() - before[name].double()
        for name, change in added.items()
    }
    error = norm([rounded[name] - added[name] for name in added]) / norm(added.values())
    assert 0.1 < error < 2
    match = (
        rf"alignment.merge_dtype: bfloat16 changes {error:.1%} of what .*step-7 adds to "
        rf"{base.path}, expected at most 1%; float32"
    )
    with pytest.raises(InputError, match=match):
        merge_adapter(base, adapters, 7, tmp_path / "merged", dtype="bfloat16")
    assert not (tmp_path / "merged").exists()


def test_a_dtype_that_holds_a_large_update_is_taken(tmp_path, base):
    adapters = save_adapter(base, tmp_path / "adapters", 3.0)
    merge_adapter(base, adapters, 7, tmp_path / "merged", dtype="bfloat16")
    before, after, added = weights(base.path), weights(tmp_path / "merged"), updates(adapters)
    assert {tensor.dtype for tensor in after.values()} == {torch.bfloat16}
    lost = [after[name].double() - before[name].double() - change for name, change in added.items()]
    error = norm(lost) / norm(added.values())
    assert 1e-4 < error < 0.01
    assert facts_of(tmp_path / "merged")["merge_error"] == pytest.approx(error, rel=1e-3)


def test_the_error_is_that_of_all_matrices_together(tmp_path, base):
    """One matrix whose update is lost does not count for much beside five that are held."""
    adapters = save_adapter(base, tmp_path / "adapters", 3.0)
    file = adapters / "step-7/adapter_model.safetensors"
    tensors = load_file(file)
    small = "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight"
    tensors[small] *= 1e-4
    save_file(tensors, file, {"format": "pt"})
    merge_adapter(base, adapters, 7, tmp_path / "merged", dtype="bfloat16")
    assert facts_of(tmp_path / "merged")["merge_error"] < 0.01


def test_no_update_has_no_error(tmp_path, base):
    adapters = save_adapter(base, tmp_path / "adapters", 0.0)
    merge_adapter(base, adapters, 7, tmp_path / "merged", dtype="bfloat16")
    facts = facts_of(tmp_path / "merged")
    assert (facts["update_norm"], facts["merge_error"]) == (0, 0)
    assert all(
        torch.equal(tensor, weights(tmp_path / "merged")[name])
        for name, tensor in weights(base.path).items()
    )


def test_an_update_that_float32_cannot_hold_is_reported(tmp_path, base, caplog):
    adapters = save_adapter(base, tmp_path / "adapters", 1e-8)
    with caplog.at_level(logging.WARNING, logger="langneurons"):
        merge_adapter(base, adapters, 7, tmp_path / "merged")
    assert "step-7: rounding changes" in caplog.text
    assert facts_of(tmp_path / "merged")["merge_error"] > 0.01


@pytest.mark.parametrize(
    ("architecture", "targets"), [("gpt2", ["c_attn", "c_proj"]), ("llama", ["lm_head", "v_proj"])]
)
def test_the_merged_model_computes_what_the_adapted_one_does(tmp_path, architecture, targets):
    """GPT-2 keeps its weights transposed."""
    spec = ModelSpec(str(save_tiny_model(tmp_path / "base", architecture)), device="cpu")
    adapters = save_adapter(spec, tmp_path / "adapters", 0.1, targets)
    merge_adapter(spec, adapters, 7, tmp_path / "merged")
    ids = torch.arange(10, 20)[None]
    with torch.no_grad():
        merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")(ids).logits
        base = load_model(spec)(ids).logits
        adapted = PeftModel.from_pretrained(load_model(spec), str(adapters / "step-7"))(ids).logits
    torch.testing.assert_close(merged, adapted, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(base, adapted, atol=1e-2)


def test_the_card_of_a_merged_model_says_what_was_added(tmp_path, base):
    adapters = save_adapter(base, tmp_path / "adapters", 1e-3)
    merge_adapter(base, adapters, 7, tmp_path / "merged")
    card = inspect_model(ModelSpec(str(tmp_path / "merged"))).iloc[0]
    facts = facts_of(tmp_path / "merged")
    assert (card["update_norm"], card["merge_error"]) == (
        facts["update_norm"],
        facts["merge_error"],
    )
    assert card["checkpoint_dtype"] == "float32"


# --- Adapters of another model ---


def test_an_adapter_of_another_base_is_refused(tmp_path, base):
    adapters = save_adapter(base, tmp_path / "adapters", 0.1)
    other = ModelSpec(str(shutil.copytree(base.path, tmp_path / "other")), device="cpu")
    match = f"step-7: the adapter was trained on {base.path}, expected {other.path}"
    with pytest.raises(InputError, match=match):
        merge_adapter(other, adapters, 7, tmp_path / "merged")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"intermediate_size": 32}, "size mismatch for .*down_proj.lora_A"),
        ({"num_hidden_layers": 1}, "only one of them has '.*layers.1.*', expected the same"),
        ({"num_hidden_layers": 3}, "only one of them has '.*layers.2.*', expected the same"),
    ],
)
def test_an_adapter_that_does_not_fit_is_refused(tmp_path, base, change, reason):
    adapters = save_adapter(base, tmp_path / "adapters", 0.1)
    shutil.rmtree(base.path)
    save_tiny_model(tmp_path / "base", "llama", num_key_value_heads=4, **change)
    match = f"step-7: the adapter does not fit {base.path}: {reason}"
    with pytest.raises(InputError, match=match):
        merge_adapter(base, adapters, 7, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_an_adapter_for_modules_that_the_model_lacks_is_refused(tmp_path, base):
    adapters = save_adapter(base, tmp_path / "adapters", 0.1)
    shutil.rmtree(base.path)
    save_tiny_model(tmp_path / "base", "gpt2")
    with pytest.raises(InputError, match=r"step-7: the adapter does not fit .*base: Target modul"):
        merge_adapter(base, adapters, 7, tmp_path / "merged")
