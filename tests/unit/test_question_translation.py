"""Training to translate: its loss and gradient by hand, its repetition and its resumption."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from peft import PeftModel
from tiny_models import save_tiny_model, tiny_tokenizer
from transformers import PreTrainedTokenizerFast
from translation_cases import PAIRS, adapters, train

from langneurons.alignment.question_translation import _encode
from langneurons.alignment.resuming import Saving
from langneurons.artifacts.tables import read_provenance
from langneurons.errors import InputError
from langneurons.models.loading import load_model
from langneurons.models.spec import ModelSpec
from langneurons.responses.tokens import tokenize


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    return ModelSpec(str(save_tiny_model(tmp_path_factory.mktemp("models") / "base", "llama")))


def nll(model, pairs):
    """Sum of the targets' NLL, end tokens included, and the number of their tokens."""
    tokenizer = tiny_tokenizer()
    total, count = 0.0, 0
    for prompt, target in pairs:
        start = len(tokenizer(prompt)["input_ids"])
        ids = torch.tensor([[*tokenizer(prompt + target)["input_ids"], tokenizer.eos_token_id]])
        logs = model(ids).logits.log_softmax(-1)
        total = total - sum(logs[0, at - 1, ids[0, at]] for at in range(start, ids.shape[1]))
        count += ids.shape[1] - start
    return total, count


def mean_nll(model, pairs):
    with torch.no_grad():
        total, count = nll(model, pairs)
    return float(total) / count


@pytest.mark.parametrize("architecture", ["llama", "gemma2", "gpt2"])
@pytest.mark.parametrize("micro", [1, 2, 4])
def test_the_loss_is_that_of_the_targets_tokens_worked_out_by_hand(tmp_path, architecture, micro):
    """Gemma 2 caps its logits; a tall and a short target are worth their numbers of tokens."""
    dropouts = ("resid_pdrop", "embd_pdrop", "attn_pdrop") if architecture == "gpt2" else ()
    path = save_tiny_model(tmp_path / "model", architecture, **dict.fromkeys(dropouts, 0.0))
    spec = ModelSpec(str(path))
    pairs = PAIRS[1:7]
    log = train(tmp_path, spec, pairs, dev=2, batch=4, micro_batch=micro, steps=1, checkpoints=[])
    losses = log.set_index("split")["loss"]
    # Before the first step the adapter is nothing; the dev split is measured after it.
    model = load_model(spec)
    assert losses["train"] == pytest.approx(mean_nll(model, pairs[:4]), rel=1e-4)
    adapted = PeftModel.from_pretrained(model, str(tmp_path / "adapters/step-1"))
    assert losses["dev"] == pytest.approx(mean_nll(adapted, pairs[4:]), rel=1e-4)
    assert abs(losses["dev"] - mean_nll(load_model(spec), pairs[4:])) > 1e-3
    assert log[["margin", "accuracy"]].isna().all(axis=None)


@pytest.mark.parametrize("thrifty", [False, True])
@pytest.mark.parametrize(("batch", "micro"), [(4, 4), (4, 2), (3, 1)])
def test_the_gradient_is_that_of_the_mean_over_a_whole_step(
    tmp_path, spec, monkeypatch, batch, micro, thrifty
):
    """Six pairs in batches of four leave two for the second step, which come to their own mean."""
    sizes = []

    def compare(self, args, state, control, model, **_):
        found = [weight.grad for weight in model.parameters() if weight.grad is not None]
        trained = [weight for weight in model.parameters() if weight.grad is not None]
        start = state.global_step * batch
        pairs = [PAIRS[place] for place in order[start : min(start + batch, 6)]]
        total, count = nll(model, pairs)
        expected = torch.autograd.grad(total / count, trained)
        length = torch.cat([one.flatten() for one in expected]).norm()
        for one, other in zip(found, expected, strict=True):  # transformers cuts them to norm 1
            torch.testing.assert_close(one, other / max(1, length), rtol=1e-3, atol=1e-5)
        sizes.append(len(pairs))

    order = []
    original = torch.utils.data.RandomSampler.__iter__

    def noting(self):
        for place in original(self):
            order.append(place)
            yield place

    monkeypatch.setattr(torch.utils.data.RandomSampler, "__iter__", noting)
    monkeypatch.setattr(Saving, "on_pre_optimizer_step", compare, raising=False)
    train(tmp_path, spec, PAIRS[:6], batch=batch, micro_batch=micro, gradient_checkpointing=thrifty)
    assert sizes == ([4, 2] if batch == 4 else [3, 3])


def test_training_learns_the_targets_and_where_they_end(tmp_path, spec):
    pairs = [(f"{number}?", f"= {number}") for number in range(6)]
    log = train(tmp_path, spec, pairs, dev=2, steps=30, batch=4, micro_batch=4, evaluation_steps=9)
    split = log.set_index("split")["loss"]
    assert list(log[log["split"] == "dev"]["step"]) == [9, 18, 27, 30]
    assert split["train"].iloc[-1] < split["train"].iloc[0] - 1
    assert split["dev"].iloc[-1] < split["dev"].iloc[0]
    facts = read_provenance(tmp_path / "training.parquet")
    assert (facts["train_pairs"], facts["dev_pairs"]) == (4, 2)
    assert (facts["direction"], facts["control"]) == ("to_pivot", None)


def test_tokens_are_those_of_responses_elsewhere():
    """Where a token spans prompt and target, it is the target's first."""
    tokenizer = tiny_tokenizer().backend_tokenizer
    whole = tokenizer.to_str().replace('"merges":[]', '"merges":[["a","b"]]')
    size = tokenizer.get_vocab_size()
    whole = whole.replace('"vocab":{', f'"vocab":{{"ab":{size},')
    merging = PreTrainedTokenizerFast(
        tokenizer_object=type(tokenizer).from_str(whole), eos_token="</s>"
    )
    pairs = pd.DataFrame(
        [("q a", "bc"), ("q", "b")], columns=["prompt", "target"]
    ).assign(problem="p", language="de", target_language="en")  # fmt: skip
    encoded = _encode(pairs, merging, None)
    texts = pairs.rename(columns={"target": "response"}).assign(sample=0)
    expected = tokenize(texts, merging, None)
    assert size in encoded[0].ids.tolist()
    for found, row in zip(encoded, expected.itertuples(), strict=True):
        assert found.ids.tolist() == [*row.prompt_tokens, *row.response_tokens, 2]
        assert found.begin == len(row.prompt_tokens)
    assert [one.begin for one in encoded] == [2, 1]


def test_a_target_after_nothing_is_scored_from_its_second_token(tmp_path, spec):
    """``prompt: "{source}"`` and no source leave an empty prompt, and nothing to predict from."""
    log = train(tmp_path, spec, [("", "abc"), ("", "abc")], dev=1, steps=1)
    losses = log.set_index("split")["loss"]
    assert losses["train"] == pytest.approx(mean_nll(load_model(spec), [("a", "bc")]), rel=1e-4)
    adapted = PeftModel.from_pretrained(load_model(spec), str(tmp_path / "adapters/step-1"))
    assert losses["dev"] == pytest.approx(mean_nll(adapted, [("a", "bc")]), rel=1e-4)


def test_the_dev_split_is_measured_without_dropout(tmp_path, spec):
    log = train(tmp_path, spec, PAIRS[:4], dev=2, dropout=0.5, learning_rate=0.1)
    adapted = PeftModel.from_pretrained(load_model(spec), str(tmp_path / "adapters/step-2"))
    found = log[log["split"] == "dev"]["loss"].iloc[-1]
    assert found == pytest.approx(mean_nll(adapted, PAIRS[2:4]), rel=1e-4)


def test_an_adapter_on_the_output_embeddings_counts(tmp_path, spec):
    log = train(tmp_path, spec, PAIRS[:2], dev=1, target_modules=["lm_head"])
    adapted = PeftModel.from_pretrained(load_model(spec), str(tmp_path / "adapters/step-2"))
    dev = log[log["split"] == "dev"]["loss"]
    assert dev.iloc[-1] == pytest.approx(mean_nll(adapted, PAIRS[1:2]), rel=1e-4)


@pytest.mark.parametrize(
    ("schedule", "warmup", "expected"),
    [
        ("linear", 0, [1, 3 / 4, 1 / 2, 1 / 4]),
        ("linear", 2, [0, 1 / 2, 1, 1 / 2]),
        ("cosine", 0, [(1 + np.cos(np.pi * step / 4)) / 2 for step in range(4)]),
        ("constant", 0, [1, 1, 1, 1]),
        ("constant", 2, [0, 1 / 2, 1, 1]),
    ],
)
def test_the_learning_rate_follows_its_schedule(
    tmp_path, spec, monkeypatch, schedule, warmup, expected
):
    rates = []

    def note(self, args, state, control, optimizer, **_):
        rates.append(optimizer.param_groups[0]["lr"])

    monkeypatch.setattr(Saving, "on_pre_optimizer_step", note, raising=False)
    train(tmp_path, spec, steps=4, schedule=schedule, warmup_steps=warmup)
    assert rates == pytest.approx([1e-2 * rate for rate in expected])


# --- Repetition and resumption ---

LONGER = {"steps": 24, "checkpoints": [5, 20], "logging_steps": 2, "batch": 2, "dropout": 0.1}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, spec):
    folder = tmp_path_factory.mktemp("uninterrupted")
    return train(folder, spec, dev=3, **LONGER), adapters(folder)


def test_two_trainings_give_the_same_weights(tmp_path, spec, uninterrupted):
    log, weights = uninterrupted
    assert sorted(weights) == ["step-20", "step-24", "step-5"]
    pd.testing.assert_frame_equal(train(tmp_path, spec, dev=3, **LONGER), log)
    assert adapters(tmp_path) == weights
    assert not (tmp_path / "adapters.training").exists(), "nothing is left behind"
    train(tmp_path / "seed", spec, dev=3, **{**LONGER, "seed": 1})
    assert adapters(tmp_path / "seed")["step-5"] != weights["step-5"]


class KilledError(Exception):
    pass


@pytest.mark.parametrize(("step", "resumed"), [(7, None), (23, 20)])
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
            train(tmp_path, spec, dev=3, **LONGER)
    assert not adapters(tmp_path)
    with caplog.at_level("INFO", logger="langneurons"):
        pd.testing.assert_frame_equal(train(tmp_path, spec, dev=3, **LONGER), log)
    assert adapters(tmp_path) == weights
    assert ("going on from" in caplog.text) == (resumed is not None)
    assert resumed is None or f"going on from step {resumed} of" in caplog.text


def test_other_pairs_are_trained_on_anew(tmp_path, spec, monkeypatch):
    def kill(self, args, state, control, **_):
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Saving, "on_train_end", kill, raising=False)
        with pytest.raises(KilledError):
            train(tmp_path / "both", spec)
    assert (tmp_path / "both/adapters.training/checkpoint-1").is_dir()
    changed = train(tmp_path / "both", spec, PAIRS[::-1])
    pd.testing.assert_frame_equal(changed, train(tmp_path / "alone", spec, PAIRS[::-1]))


# --- Console and bad input ---


def test_what_is_trained_is_said(tmp_path, spec, caplog):
    with caplog.at_level("INFO", logger="langneurons"):
        train(tmp_path, spec, dev=3)
    said = [record.getMessage() for record in caplog.records if hasattr(record, "console")]
    assert said == ["trains 2 steps of 1 pairs, out of 5 pairs in 1 languages"]


def test_a_pair_longer_than_the_context_is_refused(tmp_path, spec):
    # A token for each of the prompt's 5 bytes and the target's, and the end token: 5 + 122 + 1.
    assert len(train(tmp_path / "fits", spec, [("2+3?\n", "7" * 122)])) == 2
    pairs = [PAIRS[0], ("2+3?\n", "7" * 123)]
    message = r"translations.parquet: problem 'p1', language de, into en: .* 129 .* at most 128"
    for dev in (0, 1):
        with pytest.raises(InputError, match=message):
            train(tmp_path / "long", spec, pairs, dev=dev)


def test_pairs_in_the_dev_split_only_are_refused(tmp_path, spec):
    match = "all 1 pairs are in the dev split, .* alignment.question_translation.dev_share"
    with pytest.raises(InputError, match=match):
        train(tmp_path, spec, PAIRS[:1], dev=1)


def test_a_tokenizer_without_end_token_is_refused(tmp_path, spec):
    folder = tmp_path / "endless"
    shutil.copytree(spec.path, folder)
    tokenizer = tiny_tokenizer()
    tokenizer.eos_token = None
    tokenizer.save_pretrained(folder)
    with pytest.raises(InputError, match="no end-of-text token"):
        train(tmp_path, ModelSpec(str(folder)))


def test_a_target_module_that_is_absent_is_named_by_its_key(tmp_path, spec):
    match = r"alignment.question_translation.target_modules: .* has no module 'W_pack'"
    with pytest.raises(InputError, match=match):
        train(tmp_path, spec, target_modules=["W_pack"])


def test_what_to_lower_when_memory_runs_out(tmp_path, spec, monkeypatch):
    def full(*_):
        raise MemoryError

    monkeypatch.setattr("langneurons.alignment.question_translation._Trainer._nll", full)
    match = r"lower alignment.question_translation.micro_batch \(now 2\)"
    with pytest.raises(InputError, match=match):
        train(tmp_path, spec, batch=2, micro_batch=2)
