"""What is loaded, and what is refused with a sentence for the person who can mend it."""

import json
import pickle
import shutil

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file
from tiny_models import save_tiny_model, tiny_config, tiny_model, tiny_tokenizer
from transformers import AutoConfig, BertConfig, T5Config

from langneurons.errors import InputError
from langneurons.models.loading import load_config, load_model, load_skeleton, load_tokenizer
from langneurons.models.spec import ModelSpec, resolve_device


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("saved"), "llama")


@pytest.fixture
def llama(saved, tmp_path):
    """A copy of a checkpoint, free to be damaged."""
    return shutil.copytree(saved, tmp_path / "llama")


def spec_of(folder, **changes) -> ModelSpec:
    return ModelSpec(str(folder), device="cpu", **changes)


def edit_weights(folder, change):
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def edit_config(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


class RunsCode:
    """Creates a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def replace_by_pickle(folder, weights):
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")


# --- Specs ---


def test_spec_from_config():
    keys = {"path": "org/model", "revision": "abc", "trust_remote_code": True, "tokenizer": None}
    assert ModelSpec.from_config(keys) == ModelSpec("org/model", "abc", None, True)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"path": "a", "dtyp": "float32"}, r"unknown model keys \['dtyp'\]; expected .*'dtype'"),
        ({"revision": "main"}, "needs the key 'path'"),
        ({"path": "a", "revision": 12}, "'revision': found 12, expected a str"),
        ({"path": "a", "trust_remote_code": "yes"}, "found 'yes', expected a bool"),
        ({"path": None}, "'path': found None, expected a str"),
    ],
)
def test_wrong_specs_are_refused(keys, message):
    with pytest.raises(InputError, match=message):
        ModelSpec.from_config(keys)


def test_results_depend_on_all_of_a_spec_but_where_the_model_is_placed():
    spec = ModelSpec("org/model", "abc", "org/tokenizer", True, "float16", "cuda:1", "auto")
    assert spec.deciding() == {
        "path": "org/model",
        "revision": "abc",
        "tokenizer": "org/tokenizer",
        "trust_remote_code": True,
        "dtype": "float16",
    }


# --- Loading ---


def test_loaded_model_is_the_saved_one_at_rest(llama):
    model = load_model(spec_of(llama))
    expected = tiny_model(tiny_config("llama")).state_dict()
    assert model.state_dict().keys() == expected.keys()
    for name, weight in model.state_dict().items():
        torch.testing.assert_close(weight, expected[name], rtol=0, atol=0)
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_a_pickle_of_plain_tensors_is_loaded(llama):
    weights = load_file(llama / "model.safetensors")
    replace_by_pickle(llama, weights)
    model = load_model(spec_of(llama))
    name = "model.layers.0.mlp.gate_proj.weight"
    assert torch.equal(model.state_dict()[name], weights[name])


def test_dtype_is_float32_on_a_cpu_unless_asked_for(llama):
    edit_weights(llama, lambda weights: weights.update({k: v.half() for k, v in weights.items()}))
    edit_config(llama, dtype="float16")
    assert load_model(spec_of(llama)).dtype == torch.float32
    assert load_model(spec_of(llama, dtype="bfloat16")).dtype == torch.bfloat16
    with pytest.raises(InputError, match="dtype 'half', expected auto or one of float16 bfloat16"):
        load_model(spec_of(llama, dtype="half"))


def test_the_skeleton_has_no_weights(llama):
    (llama / "model.safetensors").unlink()
    skeleton = load_skeleton(spec_of(llama))
    assert all(parameter.is_meta for parameter in skeleton.parameters())


def test_hub_models_come_from_the_cache(saved, tmp_path, monkeypatch):
    commit = "c" * 40
    repository = tmp_path / "models--org--tiny"
    shutil.copytree(saved, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    spec = ModelSpec("org/tiny", device="cpu")
    name = "model.layers.0.mlp.gate_proj.weight"
    weights = load_file(saved / "model.safetensors")
    assert torch.equal(load_model(spec).state_dict()[name], weights[name])
    assert len(load_tokenizer(spec)) == 259
    with pytest.raises(InputError, match=r"org/other: no such local folder, and .* local cache"):
        load_config(ModelSpec("org/other"))


def test_padding_token(tmp_path):
    tokenizer = tiny_tokenizer()
    assert tokenizer.pad_token is None
    tokenizer.save_pretrained(tmp_path / "with-end")
    tokenizer.eos_token = None
    tokenizer.save_pretrained(tmp_path / "without-end")
    assert load_tokenizer(ModelSpec("x", tokenizer=str(tmp_path / "with-end"))).pad_token == "</s>"
    unknown = load_tokenizer(ModelSpec("x", tokenizer=str(tmp_path / "without-end")))
    assert unknown.pad_token == "<unk>"


# --- Refusals ---


def test_absent_and_strange_folders(tmp_path):
    with pytest.raises(InputError, match="nowhere/at/all: no such folder"):
        load_config(ModelSpec("nowhere/at/all"))
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: is a file; expected the folder"):
        load_config(spec_of(tmp_path / "file"))
    with pytest.raises(InputError, match=r"no config.json in this folder"):
        load_config(spec_of(tmp_path))
    with pytest.raises(InputError, match="no tokenizer can be loaded"):
        load_tokenizer(spec_of(tmp_path))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config.json.* not a valid JSON"):
        load_config(spec_of(tmp_path))


def test_unknown_architectures(llama):
    edit_config(llama, model_type="lama")
    with pytest.raises(InputError, match=r"no architecture known .*model_type: 'lama'"):
        load_config(spec_of(llama))
    code = {"AutoConfig": "code.LamaConfig", "AutoModelForCausalLM": "code.Lama"}
    edit_config(llama, auto_map=code)
    (llama / "code.py").write_text(f"open({str(llama / 'ran')!r}, 'w')")
    with pytest.raises(InputError, match="set trust_remote_code: true"):
        load_config(spec_of(llama))
    assert not (llama / "ran").exists()


def test_models_that_are_not_decoders(tmp_path):
    T5Config(architectures=["T5ForConditionalGeneration"]).save_pretrained(tmp_path / "t5")
    with pytest.raises(InputError, match=r"T5ForConditionalGeneration is an encoder–decoder"):
        load_config(spec_of(tmp_path / "t5"))
    AutoConfig.for_model("vit").save_pretrained(tmp_path / "vit")
    with pytest.raises(InputError, match="vit is not a decoder-only model"):
        load_config(spec_of(tmp_path / "vit"))
    # transformers loads encoders as decoders; `check_causal` tells them apart.
    BertConfig().save_pretrained(tmp_path / "bert")
    assert load_config(spec_of(tmp_path / "bert")).model_type == "bert"


def test_a_pickle_that_would_run_code_is_refused_unrun(llama, tmp_path):
    replace_by_pickle(llama, {"weight": RunsCode(tmp_path / "ran")})
    with pytest.raises(InputError, match="pickled objects other than tensors"):
        load_model(spec_of(llama))
    assert not (tmp_path / "ran").exists()
    # It does run where it is let.
    pickle.loads(pickle.dumps(RunsCode(tmp_path / "ran"))).close()
    assert (tmp_path / "ran").exists()


def test_missing_and_surplus_weights(llama):
    edit_weights(llama, lambda weights: weights.pop("model.layers.1.mlp.up_proj.weight"))
    with pytest.raises(InputError, match=r"lacks model.layers.1.mlp.up_proj.weight of Llama"):
        load_model(spec_of(llama))
    edit_weights(
        llama,
        lambda weights: weights.update({"model.layers.1.mlp.up_proj.weight": torch.ones(24, 16)}),
    )
    edit_weights(
        llama,
        lambda weights: weights.update({"model.layers.0.self_attn.q_proj.bias": torch.ones(16)}),
    )
    with pytest.raises(InputError, match=r"holds model.layers.0.self_attn.q_proj.bias, for which"):
        load_model(spec_of(llama))


def test_a_surplus_head_is_no_harm(llama):
    edit_weights(llama, lambda weights: weights.update({"v_head.summary.weight": torch.ones(16)}))
    assert load_model(spec_of(llama)).config.model_type == "llama"


def test_weights_of_another_shape(llama):
    edit_config(llama, intermediate_size=32)
    with pytest.raises(InputError, match=f"{llama}: the weights cannot be read"):
        load_model(spec_of(llama))


def test_truncated_and_absent_weights(llama):
    weights = llama / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(InputError, match=f"{llama}: the weights cannot be read"):
        load_model(spec_of(llama))
    weights.unlink()
    with pytest.raises(InputError, match=r"no file named model.safetensors"):
        load_model(spec_of(llama))


def test_devices(monkeypatch):
    assert resolve_device("cpu") == torch.device("cpu")
    with pytest.raises(InputError, match="device 'gpu': expected auto, cpu, cuda"):
        resolve_device("gpu")
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda **_: None)
    assert resolve_device("auto") == torch.device("cpu")
    with pytest.raises(InputError, match=r"'cuda:1' was asked for, but .* 0 cuda devices"):
        resolve_device("cuda:1")
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda **_: torch.device("cuda"))
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: 1)
    assert resolve_device("auto") == torch.device("cuda")
    assert resolve_device("cuda:0") == torch.device("cuda:0")
    with pytest.raises(InputError, match="finds 1 cuda devices here"):
        resolve_device("cuda:1")
