"""Out of memory: wherever a model runs, one sentence says which key to lower."""

import re

import pytest
import torch
import transformers
from deactivation_cases import PARAMETERS, tiny_case
from deactivation_cases import run as deactivate
from small_corpus import small_corpus, write_and_read
from test_activations import count, token_table
from test_alignment_training import run as align
from test_scoring import FakeTranslator, score, table_of
from test_steering import PARAMETERS as STEERING
from test_steering import run as steer
from test_steering import tokens_of_responses
from tiny_models import save_tiny_model, tiny_config, tiny_model
from torch import nn

from langneurons.artifacts.tables import write_table
from langneurons.errors import InputError
from langneurons.models.likelihood import Likelihood
from langneurons.models.loading import load_model
from langneurons.models.memory import exhausted, lowering
from langneurons.models.mlps import find_mlps
from langneurons.models.spec import ModelSpec
from langneurons.responses.schemas import TOKENS

CUDA = "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 1 has a total capacity of 79.11 GiB"
CPU = "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: "
CPU += "you tried to allocate 4000000000000000 bytes. Error code 12 (Cannot allocate memory)"

pytestmark = pytest.mark.usefixtures("one_thread")


def out_of_memory(*_, **__):
    raise torch.OutOfMemoryError(CUDA)


@pytest.mark.parametrize(
    ("error", "where"),
    [
        (torch.OutOfMemoryError(CUDA), "GPU 1"),
        (torch.OutOfMemoryError("Allocation on device"), "the GPU"),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9.00 GB)"), "the GPU"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublas"), "the GPU"),
        (RuntimeError(CPU), "the CPU"),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate"), "the CPU"),
        (MemoryError("Unable to allocate 7.11 PiB for an array"), "the CPU"),
        (MemoryError(), "the CPU"),
        (RuntimeError("shape mismatch"), None),
    ],
)  # fmt: skip
def test_errors_that_say_that_memory_ran_out(error, where):
    assert exhausted(error) == where


def test_torch_says_so_itself():
    with pytest.raises(RuntimeError) as error:
        torch.empty(10**15)
    assert exhausted(error.value) == "the CPU"


def test_the_key_to_lower_is_named():
    with (
        pytest.raises(InputError, match=r"^out of memory on GPU 1; lower a\.size \(now 32\)$"),
        lowering("a.size", 32),
    ):
        out_of_memory()
    message = (
        r"^out of memory on GPU 1; a\.size is 1; a smaller dtype or device_map: auto may help$"
    )
    with pytest.raises(InputError, match=message), lowering("a.size", 1):
        out_of_memory()


def test_other_errors_pass():
    with pytest.raises(RuntimeError, match="shape mismatch"), lowering("a.size", 32):
        raise RuntimeError("shape mismatch")


def refused(key, value, place="GPU 1"):
    text = f"out of memory on {place}; lower {key} (now {value})"
    return pytest.raises(InputError, match=re.escape(text))


@pytest.fixture
def case(tmp_path):
    """Arguments of a deactivation or a steering but for the output and the parameters."""
    write_table(tokens_of_responses(), tmp_path / "tokens", TOKENS)
    return {**tiny_case(tmp_path), "tokens_path": tmp_path / "tokens"}


@pytest.fixture
def no_room_to_generate(monkeypatch):
    monkeypatch.setattr(transformers.PreTrainedModel, "generate", out_of_memory, raising=False)


@pytest.fixture
def no_room_to_score(monkeypatch):
    monkeypatch.setattr(Likelihood, "_losses", out_of_memory)


@pytest.mark.usefixtures("no_room_to_generate")
@pytest.mark.parametrize("section", ["generation", "alignment.sampling"])
def test_generation(tmp_path, section):
    spec = ModelSpec(str(save_tiny_model(tmp_path / "model", "llama")), device="cpu")
    settings = {"spec": spec, "generation": {"max_new_tokens": 4}, "section": section}
    with refused(f"{section}.batch_size", 3):
        write_and_read(small_corpus(), tmp_path, batch_size=3, **settings)


@pytest.mark.usefixtures("no_room_to_generate")
def test_answers_under_interventions(case, tmp_path):
    with refused("deactivation.batch_size", 4):
        deactivate(case, tmp_path, parameters={**PARAMETERS, "accuracy": True})
    with refused("steering.batch_size", 4):
        steer(case, tmp_path, parameters=STEERING)


@pytest.mark.usefixtures("no_room_to_score")
def test_likelihood_under_interventions(case, tmp_path):
    with refused("collection.batch_tokens", 100):
        deactivate(case, tmp_path)
    with refused("collection.batch_tokens", 100):
        steer(case, tmp_path, parameters=STEERING)


def test_activation_values(case, tmp_path, monkeypatch):
    monkeypatch.setattr("langneurons.activations.values._Summary.see", out_of_memory)
    with refused("collection.batch_tokens", 100):
        steer(case, tmp_path, parameters=STEERING)


def test_counting(monkeypatch):
    model = tiny_model(tiny_config("llama"))
    monkeypatch.setattr("langneurons.activations.collection._states_are_finite", out_of_memory)
    with refused("collection.batch_tokens", 40):
        count(model, token_table())


def test_scoring(monkeypatch):
    monkeypatch.setattr(FakeTranslator, "cross_entropies", out_of_memory)
    responses = table_of([("p1", "en", 0, "12"), ("p1", "de", 0, "eins")])
    with refused("alignment.translation.batch_tokens", 100):
        score(responses, FakeTranslator())


def test_training(tmp_path, monkeypatch):
    spec = ModelSpec(str(save_tiny_model(tmp_path / "model", "llama")), device="cpu")
    monkeypatch.setattr("langneurons.alignment.training.DPOTrainer.train", out_of_memory)
    with refused("alignment.training.micro_batch", 2):
        align(tmp_path / "a", spec, batch=2, micro_batch=2)
    message = "micro_batch is 1; gradient_checkpointing: true may help"
    with pytest.raises(InputError, match=message):
        align(tmp_path / "b", spec)
    with pytest.raises(InputError, match="micro_batch is 1; a smaller dtype"):
        align(tmp_path / "c", spec, gradient_checkpointing=True)


@pytest.mark.parametrize(
    ("error", "where"),
    [(torch.OutOfMemoryError(CUDA), "GPU 1"), (RuntimeError(CPU), "the CPU"),
     (MemoryError(), "the CPU")],
)  # fmt: skip
def test_loading(tmp_path, monkeypatch, error, where):
    def loaded(*_, **__):
        raise error

    path = save_tiny_model(tmp_path / "model", "llama")
    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", loaded)
    message = f"{path}: does not fit into the memory of {where}; a smaller dtype or device_map"
    with pytest.raises(InputError, match=re.escape(message)):
        load_model(ModelSpec(str(path), device="cpu"))


def test_a_model_that_fits_but_leaves_no_room_to_run(monkeypatch):
    model = tiny_model(tiny_config("llama"))
    monkeypatch.setattr(nn.Linear, "forward", out_of_memory)
    message = "LlamaForCausalLM: loaded, but GPU 1 has no memory left to run it; a smaller dtype"
    with pytest.raises(InputError, match=message):
        find_mlps(model)
