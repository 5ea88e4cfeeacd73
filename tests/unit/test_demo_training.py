"""The training recipe at smoke size, and the two models that were made with it."""

import re
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml
from transformers import AutoModelForCausalLM, AutoTokenizer

from langneurons.corpora.generated import generate
from langneurons.demo.training import (
    IGNORED,
    Example,
    Schedule,
    draw_batches,
    pad_batch,
    train_demo,
    training_texts,
)

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "resources/demo/base"
PROMPT = "### Instruction:\n{query}\n\n### Response:\n"
SMOKE = {
    "seed": 0,
    "prompt": PROMPT,
    "tokenizer": {"entries": 600, "problems": 100},
    "model": {
        "layers": 2,
        "hidden": 32,
        "intermediate": 48,
        "heads": 4,
        "key_value_heads": 2,
        "context": 256,
    },
    "base": {
        "steps": 20,
        "batch": 8,
        "learning_rate": 1e-2,
        "warm_up": 0.1,
        "cool_down": 0.5,
        "languages": {"en": {"share": 3, "problems": 200}, "th": {"share": 1, "problems": 50}},
    },
    "evaluation": {"problems": 4},
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    train_demo(SMOKE, folder)
    return folder


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return AutoModelForCausalLM.from_pretrained(folder).state_dict()


def test_loss_falls(trained):
    losses = pd.read_csv(trained / "losses.csv")["loss"]
    # 600 entries at random: ln 600 = 6.4 nats.
    assert losses.iloc[0] > 6.0
    assert losses.iloc[-1] < 5.0
    assert len(losses) == 20


def test_saved_models_load(trained):
    model = AutoModelForCausalLM.from_pretrained(trained / "base")
    tokenizer = AutoTokenizer.from_pretrained(trained / "base")
    assert model.config.model_type == "mistral"
    assert model.config.hidden_act == "silu"
    assert model.config.vocab_size == len(tokenizer) == 600
    assert tokenizer.eos_token_id == model.config.eos_token_id != tokenizer.pad_token_id


def test_accuracy_is_measured_in_every_language(trained):
    accuracy = pd.read_csv(trained / "accuracy.csv")
    assert list(zip(accuracy["language"], accuracy["n"], strict=True)) == [("en", 4), ("th", 4)]


def test_same_seed_same_weights(trained, tmp_path):
    train_demo(SMOKE, tmp_path)
    first, again = weights(trained / "base"), weights(tmp_path / "base")
    assert all(torch.equal(first[key], again[key]) for key in first)


def test_schedule_rises_stays_and_falls():
    schedule = Schedule(steps=10, batch=1, learning_rate=1.0, warm_up=0.2, cool_down=0.5)
    # Two steps up, five steps down: 5/5, 4/5 ... 1/5.
    rates = [0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 0.8, 0.6, 0.4, 0.2]
    assert [schedule.rate(step) for step in range(10)] == pytest.approx(rates)


def test_only_response_tokens_are_learnt():
    batch = [Example([5, 6, 7, 1], prompt_tokens=2), Example([5, 8, 1], prompt_tokens=1)]
    ids, labels = pad_batch(batch, pad=0)
    assert ids.tolist() == [[5, 6, 7, 1], [5, 8, 1, 0]]
    assert labels.tolist() == [[IGNORED, IGNORED, 7, 1], [IGNORED, 8, 1, IGNORED]]


def test_batches_keep_the_shares():
    examples = {"en": [Example([1, 2], 1)], "th": [Example([3, 4], 1)]}
    schedule = Schedule(steps=120, batch=10, learning_rate=1.0, warm_up=0.1, cool_down=0.1)
    batches = list(draw_batches(examples, {"en": 3, "th": 1}, schedule, seed=0))
    assert [len(batch) for batch in batches] == [10] * 120
    thai = sum(example.ids == [3, 4] for batch in batches for example in batch)
    # A quarter of 1200 draws: 300 with a standard deviation of 15.
    assert 240 < thai < 360


def test_the_shipped_model_loads_and_is_sound():
    model = AutoModelForCausalLM.from_pretrained(SHIPPED)
    assert all(torch.isfinite(weight).all() for weight in model.parameters())
    settings = yaml.safe_load((ROOT / "config/train_demo.yaml").read_text(encoding="utf-8"))
    assert model.config.num_hidden_layers == settings["model"]["layers"]
    assert model.config.intermediate_size == settings["model"]["intermediate"]


def test_the_shipped_model_is_small():
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) <= 8_000_000


def test_the_shipped_tokenizer_reads_digits_one_by_one():
    tokenizer = AutoTokenizer.from_pretrained(SHIPPED)
    tokens = tokenizer.convert_ids_to_tokens(tokenizer("12 + 305")["input_ids"])
    assert [token for token in tokens if token.isdigit()] == ["1", "2", "3", "0", "5"]
    assert not [token for token in tokenizer.get_vocab() if re.search("[0-9].*[0-9]", token)]


def test_the_shipped_tokenizer_loses_nothing_and_keeps_prompt_and_response_apart():
    tokenizer = AutoTokenizer.from_pretrained(SHIPPED)
    corpus = generate(["en", "ru", "zh", "bn", "th"], "evaluation", 12, seed=0)
    for question, [response] in zip(corpus["question"], corpus["responses"], strict=True):
        prompt = PROMPT.format(query=question)
        together = tokenizer(prompt + response)["input_ids"]
        assert tokenizer.decode(together) == prompt + response
        assert together == tokenizer(prompt)["input_ids"] + tokenizer(response)["input_ids"]


def test_the_shipped_model_answers_an_easy_problem():
    model = AutoModelForCausalLM.from_pretrained(SHIPPED, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(SHIPPED)
    text = next(training_texts(["en"], 1, PROMPT, seed=0))
    prompt, response = text.split("### Response:\n")
    inputs = tokenizer(prompt + "### Response:\n", return_tensors="pt")
    output = model.generate(**inputs, max_new_tokens=64, do_sample=False)
    new = output[0, inputs["input_ids"].shape[1] :]
    assert tokenizer.decode(new, skip_special_tokens=True) == response


def test_the_demo_is_asked_with_the_prompt_of_its_training():
    prompts = {
        yaml.safe_load((ROOT / "config" / name).read_text(encoding="utf-8"))["prompt"]
        for name in ("tiny.yaml", "train_demo.yaml")
    }
    assert prompts == {PROMPT}
