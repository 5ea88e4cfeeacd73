"""Models described and weights checked without loading them."""

import json
import shutil

import pandas as pd
import pyarrow as pa
import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file
from tiny_models import save_tiny_model, tiny_config, tiny_model, tiny_tokenizer
from transformers import BertConfig

from langneurons.errors import InputError
from langneurons.models import inspection
from langneurons.models.inspection import check_weights, inspect_model, tokenizer_digest
from langneurons.models.schema import MODEL
from langneurons.models.spec import ModelSpec


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("saved"), "llama")


@pytest.fixture
def llama(saved, tmp_path):
    """A copy of a checkpoint, free to be damaged."""
    return shutil.copytree(saved, tmp_path / "llama")


def poison(folder, name, number):
    weights = load_file(folder / "model.safetensors")
    weights[name].view(-1)[-1] = number
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def test_a_gated_model_is_described(saved):
    table = inspect_model(ModelSpec(str(saved)))
    pa.Table.from_pandas(table, schema=MODEL)  # the artefact's columns and types
    row = table.iloc[0].to_dict()
    assert len(row.pop("tokenizer_digest")) == 64
    absent = ("revision", "update_norm", "merge_error")
    assert all(pd.isna(row.pop(key)) for key in absent)
    # Embedding and head 2 · 259 · 16, final norm 16; a layer: queries and outputs 2 · 16 · 16,
    # keys and values 2 · 16 · 8 (2 of 4 heads), MLP 3 · 16 · 24, norms 2 · 16.
    layer = 2 * 16 * 16 + 2 * 16 * 8 + 3 * 16 * 24 + 2 * 16
    assert row == {
        "model": str(saved),
        "architecture": "LlamaForCausalLM",
        "layers": 2,
        "neurons_per_layer": 24,
        "activation_function": "SiLUActivation",
        "gated": True,
        "hidden_size": 16,
        "vocabulary_size": 259,
        "context_length": 128,
        "parameters": 2 * 259 * 16 + 16 + 2 * layer,
        "checkpoint_dtype": "float32",
    }


def test_a_plain_model_without_bound_on_its_length(tmp_path):
    row = inspect_model(ModelSpec(str(save_tiny_model(tmp_path, "bloom")))).iloc[0]
    assert not row["gated"]
    assert pd.isna(row["context_length"])
    assert row["neurons_per_layer"] == 64
    # Tied: the head is the embedding, counted once.
    assert row["parameters"] == sum(
        p.numel() for p in tiny_model(tiny_config("bloom")).parameters()
    )


def test_a_hub_model_has_a_revision(saved, tmp_path, monkeypatch):
    commit = "c" * 40
    repository = tmp_path / "models--org--tiny"
    shutil.copytree(saved, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    row = inspect_model(ModelSpec("org/tiny")).iloc[0]
    assert row["revision"] == commit
    assert row["model"] == "org/tiny"


def test_an_encoder_is_refused_without_its_weights(tmp_path):
    BertConfig().save_pretrained(tmp_path)
    with pytest.raises(InputError, match="BertLMHeadModel: attends to later tokens"):
        inspect_model(ModelSpec(str(tmp_path)))


# --- Weights ---


@pytest.mark.parametrize(("number", "kind"), [(torch.nan, "NaN"), (-torch.inf, "infinite")])
def test_weights_that_are_not_finite_are_named(llama, monkeypatch, number, kind):
    # In pieces of 2 rows of 16 numbers, so that the last piece is the one at fault.
    monkeypatch.setattr(inspection, "_SCAN_NUMBERS", 32)
    assert check_weights(ModelSpec(str(llama))) == ["float32"]
    poison(llama, "model.layers.1.mlp.gate_proj.weight", number)
    with pytest.raises(
        InputError,
        match=rf"model.safetensors: tensor 'model.layers.1.mlp.gate_proj.weight' .* 1 .* {kind}",
    ):
        check_weights(ModelSpec(str(llama)))


def test_float8_weights_can_be_checked(llama):
    weights = load_file(llama / "model.safetensors")
    weights["scaled"] = torch.tensor([1.0, torch.nan]).to(torch.float8_e4m3fn)
    save_file(weights, llama / "model.safetensors")
    with pytest.raises(InputError, match="tensor 'scaled' holds 1 numbers that are NaN"):
        check_weights(ModelSpec(str(llama)))


def test_a_truncated_file_is_named(llama):
    weights = llama / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(InputError, match=f"{weights}: the weights cannot be read: .*not fully"):
        check_weights(ModelSpec(str(llama)))
    weights.write_bytes(b"")
    with pytest.raises(InputError, match=f"{weights}: the weights cannot be read"):
        check_weights(ModelSpec(str(llama)))


def test_a_folder_without_weights(llama):
    (llama / "model.safetensors").unlink()
    with pytest.raises(InputError, match=f"{llama}: no weights; expected one of model.safet"):
        check_weights(ModelSpec(str(llama)))


def test_shards_are_checked_against_their_index(tmp_path):
    tiny_model(tiny_config("llama")).save_pretrained(tmp_path, max_shard_size="20KB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 1
    spec = ModelSpec(str(tmp_path))
    assert check_weights(spec) == ["float32"]
    index = tmp_path / "model.safetensors.index.json"
    described = json.loads(index.read_text())
    described["weight_map"]["model.lost"] = described["weight_map"]["model.norm.weight"]
    index.write_text(json.dumps(described))
    with pytest.raises(InputError, match=r"the index lists 'model.lost', which no weight file"):
        check_weights(spec)
    (tmp_path / described["weight_map"]["model.norm.weight"]).unlink()
    with pytest.raises(InputError, match="the weights cannot be read: No such file"):
        check_weights(spec)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before torch 1.6"])
def test_pickled_tensors_are_checked(llama, zipped):
    weights = load_file(llama / "model.safetensors")
    (llama / "model.safetensors").unlink()
    path = llama / "pytorch_model.bin"
    torch.save(weights, path, _use_new_zipfile_serialization=zipped)
    assert check_weights(ModelSpec(str(llama))) == ["float32"]
    weights["model.norm.weight"][3] = torch.nan
    torch.save(weights, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(InputError, match=r"pytorch_model.bin: tensor 'model.norm.weight'"):
        check_weights(ModelSpec(str(llama)))


def test_a_pickle_that_would_run_code_is_refused_unrun(llama, tmp_path):
    class RunsCode:
        def __reduce__(self):
            return open, (str(tmp_path / "ran"), "w")

    (llama / "model.safetensors").unlink()
    torch.save({"weight": RunsCode()}, llama / "pytorch_model.bin")
    with pytest.raises(InputError, match="pickled objects other than tensors"):
        check_weights(ModelSpec(str(llama)))
    assert not (tmp_path / "ran").exists()
    torch.load(llama / "pytorch_model.bin", weights_only=False)["weight"].close()
    assert (tmp_path / "ran").exists()  # as it would have


# --- Tokenizers ---


def test_copies_of_a_tokenizer_have_one_digest():
    tokenizer, copy = tiny_tokenizer(), tiny_tokenizer()
    digest = tokenizer_digest(tokenizer)
    copy(["a", "longer"], padding=False, truncation=True, max_length=2)  # leaves its state behind
    copy.padding_side = "left"
    assert tokenizer_digest(copy) == digest
    assert tokenizer_digest(tiny_tokenizer(byte_order=-1)) != digest
    copy.add_tokens(["<new>"])
    assert tokenizer_digest(copy) != digest
