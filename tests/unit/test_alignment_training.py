"""DPO on hand-made pairs: its loss, its checkpoints, its repetition and its resumption."""

import json
import math
import shutil
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
import torch
from peft import PeftModel
from tiny_models import save_tiny_model, tiny_tokenizer
from transformers import AutoModelForCausalLM

from langneurons.alignment import lora
from langneurons.alignment.checkpoints import merge_adapter
from langneurons.alignment.lora import check_target_modules
from langneurons.alignment.pairs import PAIRS
from langneurons.alignment.resuming import Saving
from langneurons.alignment.schema import TRAINING
from langneurons.alignment.training import align
from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.errors import InputError
from langneurons.models.loading import load_model, load_tokenizer
from langneurons.models.spec import ModelSpec

SETTINGS = {
    "beta": 0.5,
    "rank": 4,
    "alpha": 8,
    "dropout": 0.0,
    "target_modules": "all-linear",
    "learning_rate": 1e-2,
    "schedule": "linear",
    "warmup_steps": 0,
    "batch": 1,
    "micro_batch": 1,
    "steps": 2,
    "checkpoints": [1],
    "logging_steps": 1,
    "evaluation_steps": 1,
    "gradient_checkpointing": False,
    "seed": 0,
}
PROMPT, CHOSEN, REJECTED = "2+3?\n", "fünf 5", "6"


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    return ModelSpec(str(save_tiny_model(tmp_path_factory.mktemp("models") / "base", "llama")))


def write_pairs(path, rows, dev=0):
    """Pairs of (prompt, chosen, rejected); the last ``dev`` of them are the dev split."""
    table = pd.DataFrame(rows, columns=["prompt", "chosen", "rejected"]).assign(
        language="de",
        chosen_sample=0,
        rejected_sample=1,
        chosen_score=1.0,
        rejected_score=0.5,
        chosen_correct=True,
        rejected_correct=False,
    )
    table["problem"] = [f"p{index}" for index in range(len(table))]
    table["split"] = ["train"] * (len(table) - dev) + ["dev"] * dev
    write_table(table, path, PAIRS)
    return path


def run(folder, spec, rows=((PROMPT, CHOSEN, REJECTED),), dev=0, **changes):
    folder.mkdir(exist_ok=True)
    pairs = write_pairs(folder / "pairs.parquet", list(rows), dev)
    log = folder / "training.parquet"
    settings = {**SETTINGS, **changes}
    align(pairs, folder / "adapters", log, spec, settings, progress=False)
    return read_table(log, TRAINING)


def log_probability(model, tokenizer, prompt, response):
    """Sum of the log-probabilities of the response's tokens and the end token."""
    start = len(tokenizer(prompt)["input_ids"])
    ids = torch.tensor([[*tokenizer(prompt + response)["input_ids"], tokenizer.eos_token_id]])
    with torch.no_grad():
        logs = model(ids).logits.log_softmax(-1)
    return sum(float(logs[0, t - 1, ids[0, t]]) for t in range(start, ids.shape[1]))


def test_the_loss_of_a_step_is_that_worked_out_by_hand(tmp_path, spec):
    log = run(tmp_path, spec)
    # Before the first step the adapter is nothing: no reward, and a loss of −ln σ(0) = ln 2.
    assert log["loss"][0] == pytest.approx(math.log(2), abs=1e-6)
    assert log["margin"][0] == pytest.approx(0, abs=1e-6)
    # At the second step: β = 0.5 times how much likelier than in the reference each response is.
    tokenizer = load_tokenizer(spec)
    policy = PeftModel.from_pretrained(load_model(spec), str(tmp_path / "adapters/step-1"))
    rewards = {}
    for response in (CHOSEN, REJECTED):
        after, before = (
            log_probability(model, tokenizer, PROMPT, response)
            for model in (policy, load_model(spec))
        )
        rewards[response] = 0.5 * (after - before)
    margin = rewards[CHOSEN] - rewards[REJECTED]
    assert margin > 0.01, "the first step has to have moved it"
    assert log["margin"][1] == pytest.approx(margin, rel=1e-4)
    assert log["loss"][1] == pytest.approx(-math.log(1 / (1 + math.exp(-margin))), rel=1e-4)
    assert log["accuracy"][1] == 1


def test_training_raises_the_chosen_responses(tmp_path, spec):
    rows = [(f"{i}?", f"= {i}", "keine") for i in range(6)]
    sizes = {"steps": 8, "checkpoints": [], "batch": 4, "micro_batch": 2}
    log = run(tmp_path, spec, rows, dev=2, evaluation_steps=3, **sizes)
    train, dev = (log[log["split"] == split] for split in ("train", "dev"))
    assert list(train["step"]) == list(range(1, 9))
    assert list(dev["step"]) == [3, 6, 8], "every third step and the last"
    assert train["loss"].iloc[-1] < train["loss"].iloc[0]
    assert dev["margin"].iloc[-1] > 0
    facts = read_provenance(tmp_path / "training.parquet")
    assert (facts["train_pairs"], facts["dev_pairs"], facts["beta"]) == (4, 2, 0.5)


ROWS = [(f"{i}?", f"= {i}", f"nicht {i}") for i in range(8)]
LONGER = {"steps": 24, "checkpoints": [5, 20], "logging_steps": 2, "batch": 2, "dropout": 0.1}


def adapters(folder):
    files = sorted((folder / "adapters").glob("*/adapter_model.safetensors"))
    return {path.parent.name: path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, spec):
    folder = tmp_path_factory.mktemp("uninterrupted")
    return run(folder, spec, ROWS, dev=2, **LONGER), adapters(folder)


def test_two_trainings_give_the_same_weights(tmp_path, spec, uninterrupted):
    log, weights = uninterrupted
    assert sorted(weights) == ["step-20", "step-24", "step-5"]
    pd.testing.assert_frame_equal(run(tmp_path, spec, ROWS, dev=2, **LONGER), log)
    assert adapters(tmp_path) == weights
    assert not (tmp_path / "adapters.training").exists(), "nothing is left behind"


def test_pairs_in_memory_at_a_time_change_nothing_but_rounding(tmp_path, spec):
    """A step takes ``batch`` pairs, however they are split up."""
    logs = [
        run(tmp_path / str(size), spec, ROWS, steps=3, batch=4, micro_batch=size)
        for size in (4, 2, 1)
    ]
    for log in logs[1:]:
        pd.testing.assert_frame_equal(log, logs[0], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("change", [{"seed": 1}, {"dropout": 0.5}])
def test_seed_and_dropout_change_the_weights(tmp_path, spec, change):
    for name, changes in (("as-it-is", {}), ("changed", change)):
        run(tmp_path / name, spec, ROWS, **changes)
    assert adapters(tmp_path / "changed") != adapters(tmp_path / "as-it-is")


class KilledError(Exception):
    pass


@pytest.mark.parametrize(("step", "resumed"), [(7, None), (20, 20), (23, 20)])
def test_an_interrupted_training_goes_on_to_the_same_weights(
    tmp_path, spec, uninterrupted, monkeypatch, caplog, step, resumed
):
    def kill(self, args, state, control, **_):
        if state.global_step == step:
            # As a kill while saving leaves it: begun, but without the mark.
            (Path(args.output_dir) / f"checkpoint-{step + 2 - step % 2}").mkdir()
            raise KilledError

    log, weights = uninterrupted
    with monkeypatch.context() as patch:
        patch.setattr(Saving, "on_step_begin", kill, raising=False)
        with pytest.raises(KilledError):
            run(tmp_path, spec, ROWS, dev=2, **LONGER)
    assert not adapters(tmp_path)
    with caplog.at_level("INFO", logger="langneurons"):
        pd.testing.assert_frame_equal(run(tmp_path, spec, ROWS, dev=2, **LONGER), log)
    assert adapters(tmp_path) == weights
    assert ("going on from" in caplog.text) == (resumed is not None)
    assert resumed is None or f"going on from step {resumed} of" in caplog.text


def test_a_training_with_other_settings_starts_anew(tmp_path, spec, monkeypatch):
    def kill(self, args, state, control, **_):
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Saving, "on_train_end", kill, raising=False)
        with pytest.raises(KilledError):
            run(tmp_path / "both", spec)
    assert (tmp_path / "both/adapters.training/checkpoint-1").is_dir()
    changed = run(tmp_path / "both", spec, learning_rate=1e-3)
    alone = run(tmp_path / "alone", spec, learning_rate=1e-3)
    pd.testing.assert_frame_equal(changed, alone)


@pytest.mark.parametrize(
    "changed", ["nothing", "device", "settings", "pairs", "checkpoint", "dtype", "code"]
)
def test_what_another_training_must_share_to_be_resumed(tmp_path, spec, monkeypatch, changed):
    def facts(folder, spec, rows=ROWS, code=None, **changes):
        found = []

        def note(_, facts):
            found.append(json.dumps(facts, sort_keys=True))
            raise KilledError

        folder.mkdir()
        pairs = write_pairs(folder / "pairs.parquet", list(rows))
        monkeypatch.setattr(lora, "keep_only", note)
        with pytest.raises(KilledError):
            align(pairs, folder / "adapters", folder / "log", spec, {**SETTINGS, **changes}, code)
        return found

    path = tmp_path / "model"
    shutil.copytree(spec.path, path)
    first = facts(tmp_path / "first", ModelSpec(str(path)))
    if changed == "checkpoint":
        save_tiny_model(path, "llama", seed=1)
    changes = {"settings": {"beta": 1.5}, "pairs": {"rows": ROWS[1:]}, "code": {"code": {"a": "b"}}}
    of_spec = {"device": {"device": "cpu"}, "dtype": {"dtype": "float64"}}.get(changed, {})
    other = facts(tmp_path / "other", ModelSpec(str(path), **of_spec), **changes.get(changed, {}))
    assert (other == first) is (changed in ("nothing", "device"))


def test_the_merged_checkpoint_is_the_model_with_its_adapter(tmp_path, spec):
    run(tmp_path, spec)
    merge_adapter(spec, tmp_path / "adapters", 2, tmp_path / "aligned")
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "aligned")
    adapted = PeftModel.from_pretrained(load_model(spec), str(tmp_path / "adapters/step-2"))
    ids = torch.arange(10, 20)[None]
    with torch.no_grad():
        expected = adapted(ids).logits
        torch.testing.assert_close(merged(ids).logits, expected, rtol=1e-4, atol=1e-4)
        assert not torch.allclose(load_model(spec)(ids).logits, expected, atol=1e-2)
    names = {path.name for path in (tmp_path / "aligned").iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= names
    assert not any("adapter" in name for name in names)


def test_the_adapter_has_what_was_asked_for(tmp_path, spec):
    run(tmp_path, spec, target_modules=["q_proj", "v_proj"], dropout=0.05)
    config = json.loads((tmp_path / "adapters/step-2/adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"], config["lora_dropout"]) == (4, 8, 0.05)
    assert set(config["target_modules"]) == {"q_proj", "v_proj"}


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_target_modules_are_looked_up_in_the_architecture(tmp_path, architecture):
    spec = ModelSpec(str(save_tiny_model(tmp_path / "model", architecture)))
    own = {"llama": "down_proj", "gpt2": "c_proj"}[architecture]
    assert check_target_modules(spec, [own]) == [own]
    with pytest.raises(InputError, match="has no module 'W_pack'; expected all-linear or some of "):
        check_target_modules(spec, [own, "W_pack"])


@pytest.mark.parametrize("side", ["chosen", "rejected"])
def test_a_pair_longer_than_the_context_is_refused(tmp_path, spec, side):
    # A token for each of the prompt's 5 bytes and the response's, and the end token: 5 + 122 + 1.
    def pair(length):
        responses = {"chosen": "5", "rejected": "6", side: "7" * length}
        return [(PROMPT, responses["chosen"], responses["rejected"])]

    assert len(run(tmp_path / "fits", spec, pair(122))) == 2
    message = rf"problem 'p0', language de: prompt and {side} response have 129 .* 128"
    with pytest.raises(InputError, match=message):
        run(tmp_path / "long", spec, pair(123))


def test_pairs_in_the_dev_split_only_are_refused(tmp_path, spec):
    with pytest.raises(InputError, match="all 1 pairs are in the dev split"):
        run(tmp_path, spec, [(PROMPT, CHOSEN, REJECTED)], dev=1)


def test_a_tokenizer_without_end_token_is_refused(tmp_path, spec):
    folder = tmp_path / "endless"
    shutil.copytree(spec.path, folder)
    tokenizer = tiny_tokenizer()
    tokenizer.eos_token = None
    tokenizer.save_pretrained(folder)
    with pytest.raises(InputError, match="no end-of-text token"):
        run(tmp_path, ModelSpec(str(folder)))


def test_steps_of_the_log_are_in_order(uninterrupted):
    log, _ = uninterrupted
    train = log[log["split"] == "train"]["step"]
    assert all(first < second for first, second in pairwise(train))
