"""The translation model's recipe at smoke size, and the model that was made with it."""

import random
import re
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from langneurons.alignment.translation import Translator
from langneurons.corpora.generated import LANGUAGES, choose, form_after_numeral, write
from langneurons.demo.ranking import measure_ranking, wrong_responses
from langneurons.demo.training import IGNORED
from langneurons.demo.translation import (
    Pair,
    pairs_of,
    scramble,
    train_translation,
    translation_loss,
)
from langneurons.errors import InputError
from langneurons.models.spec import ModelSpec

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "resources/demo/translation"
SETTINGS = yaml.safe_load((ROOT / "config/train_demo.yaml").read_text(encoding="utf-8"))
CODES = SETTINGS["translation"]["codes"]
SMOKE = {
    "codes": {"en": "eng_Latn", "ru": "rus_Cyrl"},
    "problems": 60,
    "scrambled": 0.5,
    "tokenizer": {"entries": 400, "problems": 60},
    "model": {"layers": 1, "hidden": 32, "intermediate": 48, "heads": 4, "context": 128},
    "schedule": {
        "steps": 30,
        "batch": 8,
        "learning_rate": 1e-2,
        "warm_up": 0.1,
        "cool_down": 0.5,
    },
    "evaluation": {"problems": 24},
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    train_translation(SMOKE, 0, folder)
    return folder


def test_loss_falls(trained):
    losses = pd.read_csv(trained / "translation_losses.csv")["loss"]
    assert len(losses) == 30
    # About 400 entries at random: ln 400 = 6.0 nats.
    assert losses.iloc[0] > 5.5
    assert losses.iloc[-1] < 4.0


def test_same_seed_same_weights(trained, tmp_path):
    train_translation(SMOKE, 0, tmp_path)
    first, again = (
        AutoModelForSeq2SeqLM.from_pretrained(folder / "translation").state_dict()
        for folder in (trained, tmp_path)
    )
    assert all(torch.equal(first[key], again[key]) for key in first)


def test_ranking_table(trained):
    table = pd.read_csv(trained / "translation.csv")
    kinds = ["problem", "words", "result", "number"]
    assert table["kind"].tolist() == kinds * 2
    assert table["direction"].tolist() == ["to_pivot"] * 4 + ["from_pivot"] * 4
    assert (table["language"] == "ru").all()
    assert (table["n"] == 24).all()
    assert ((table["low"] <= table["share"]) & (table["share"] <= table["high"])).all()


def test_scrambled_pairs_have_the_same_random_numbers():
    [problem] = choose("training", 1, seed=0)
    texts = scramble(problem, ["ru", "en", "ja"], random.Random(0))
    numbers = [re.findall(r"\d+", text) for text in texts]
    assert numbers[0] == numbers[1] == numbers[2]
    own = re.findall(r"\d+", write(problem, "en", "response"))
    assert len(numbers[0]) == len(own)
    assert numbers[0] != own


@pytest.mark.parametrize("split", ["training", "evaluation"])
def test_numbers_stand_in_one_order_in_all_languages(split):
    for problem in choose(split, 120, seed=0):
        orders = {
            tuple(re.findall(r"\d+", write(problem, language, "response")))
            for language in LANGUAGES
        }
        assert len(orders) == 1


def test_scrambled_russian_nouns_agree_with_the_last_number():
    problem = next(p for p in choose("training", 12, seed=0) if p.template == "together")
    forms = set()
    for seed in range(40):
        [text] = scramble(problem, ["ru"], random.Random(seed))
        number, noun = re.search(r"(\d+) (\w+)\.$", text).groups()
        forms.add((form_after_numeral(int(number)), noun))
    assert len(forms) == len(dict(forms)) == 3


def test_pairs_go_both_ways():
    tokenizer = AutoTokenizer.from_pretrained(SHIPPED)
    pairs = pairs_of(tokenizer, choose("training", 3, seed=0), "de", CODES, 0.0, seed=0)
    german, english = (tokenizer.convert_tokens_to_ids(CODES[code]) for code in ("de", "en"))
    starts = [(pair.source[0], pair.target[0]) for pair in pairs]
    assert starts == [(german, english)] * 3 + [(english, german)] * 3
    assert [pair.source for pair in pairs[:3]] == [pair.target for pair in pairs[3:]]
    assert {pair.source[-1] for pair in pairs} == {tokenizer.eos_token_id}


def test_the_loss_is_that_of_transformers():
    model = AutoModelForSeq2SeqLM.from_pretrained(SHIPPED, dtype=torch.float32)
    pairs = [Pair([8, 50, 51, 2], [5, 60, 2]), Pair([8, 52, 2], [5, 61, 62, 63, 2])]
    source = torch.tensor([[8, 50, 51, 2], [8, 52, 2, 1]])
    labels = torch.tensor([[5, 60, 2, IGNORED, IGNORED], [5, 61, 62, 63, 2]])
    expected = model(input_ids=source, attention_mask=source != 1, labels=labels).loss
    # In bfloat16, and in float32.
    assert translation_loss(model, pairs).item() == pytest.approx(expected.item(), rel=0.02)


def test_wrong_responses_differ_in_one_way():
    problems = choose("evaluation", 48, seed=0)
    right = [write(problem, "en", "response") for problem in problems]
    wrong = wrong_responses(problems, "en", seed=0)
    blank = [re.sub(r"\d+", "#", text) for text in right]
    numbers = [re.findall(r"\d+", text) for text in right]
    for kind in ("problem", "words", "result", "number"):
        assert all(text != own for text, own in zip(wrong[kind], right, strict=True))
    for kind in ("result", "number"):
        assert [re.sub(r"\d+", "#", text) for text in wrong[kind]] == blank
    assert [re.findall(r"\d+", text) for text in wrong["words"]] == numbers
    changed = {
        kind: [
            sum(a != b for a, b in zip(re.findall(r"\d+", text), own, strict=True))
            for text, own in zip(wrong[kind], numbers, strict=True)
        ]
        for kind in ("result", "number")
    }
    assert set(changed["number"]) == {1}
    assert set(changed["result"]) == {2}  # in the equation and in the sentence


def test_too_few_problems_to_rank():
    with pytest.raises(InputError, match="problems: found 12; expected at least 24, two of each"):
        measure_ranking(SHIPPED, CODES, 12, "en", seed=0)


def test_shipped_model_is_small_and_sound():
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) <= 8_000_000
    model = AutoModelForSeq2SeqLM.from_pretrained(SHIPPED)
    assert model.config.model_type == "m2m_100"
    assert model.dtype == torch.bfloat16
    assert all(torch.isfinite(weight).all() for weight in model.parameters())
    settings = SETTINGS["translation"]["model"]
    assert model.config.encoder_layers == model.config.decoder_layers == settings["layers"]
    assert model.config.max_position_embeddings == settings["context"]
    assert model.config.vocab_size == len(AutoTokenizer.from_pretrained(SHIPPED))


def test_shipped_tokenizer_is_nllbs_and_loses_nothing():
    tokenizer = AutoTokenizer.from_pretrained(SHIPPED)
    assert type(tokenizer).__name__ == "NllbTokenizer"
    for problem in choose("evaluation", 24, seed=0):
        for language, code in CODES.items():
            tokenizer.src_lang = code
            text = write(problem, language, "response")
            ids = tokenizer(text)["input_ids"]
            assert ids[0] == tokenizer.convert_tokens_to_ids(code)
            assert tokenizer.decode(ids, skip_special_tokens=True) == text
    tokens = tokenizer.convert_ids_to_tokens(tokenizer("12 + 305")["input_ids"])
    assert [token for token in tokens if token.isdigit()] == ["1", "2", "3", "0", "5"]


def test_shipped_model_translates():
    translator = AutoModelForSeq2SeqLM.from_pretrained(SHIPPED, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(SHIPPED, src_lang="deu_Latn")
    [problem] = choose("training", 1, seed=0)
    inputs = tokenizer(write(problem, "de", "response"), return_tensors="pt")
    english = tokenizer.convert_tokens_to_ids("eng_Latn")
    output = translator.generate(**inputs, forced_bos_token_id=english, max_new_tokens=60)
    text = tokenizer.decode(output[0], skip_special_tokens=True)
    assert text == write(problem, "en", "response")


def test_shipped_model_ranks_true_translations_above_wrong_ones():
    codes = {language: CODES[language] for language in ("en", "sw", "th")}
    table = measure_ranking(SHIPPED, codes, 24, "en", seed=0)
    # Half would be right by chance; README.md has the shares over more problems.
    assert (table["share"] >= 0.85).all()
    assert table["share"].mean() > 0.97


def test_shipped_model_takes_all_languages_of_the_demo():
    spec = ModelSpec(path=str(SHIPPED))
    assert Translator(spec, CODES, LANGUAGES).positions == 256
