"""A chat model from its card to what is done with it: who renders a prompt, and who reads it."""

import shutil

import pandas as pd
import pytest
import torch
from chat_cases import BOS, OPENED, applied, chat_tokenizer, save_chat_model, saved
from datasets import Dataset
from deactivation_cases import PARAMETERS, write_neurons
from experiment_cases import CONFIG, Wildcards, experiment, selection
from small_corpus import QUESTIONS, small_corpus, write_and_read
from test_alignment_training import SETTINGS, write_pairs

from langneurons.alignment import lora, training
from langneurons.alignment.checkpoints import merge_adapter
from langneurons.artifacts.tables import read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.interventions import bench, deactivation, steering
from langneurons.interventions.answering import Answering
from langneurons.interventions.schemas import STEERING_ANSWERS
from langneurons.models import cards
from langneurons.models.cards import write_card
from langneurons.models.loading import load_model, load_tokenizer
from langneurons.responses import writing
from langneurons.responses.collection import generate_responses
from langneurons.responses.generation import Generator, decode_response
from langneurons.responses.given import given_responses
from langneurons.responses.prompts import CHAT, PLAIN, Prompts
from langneurons.responses.schemas import TOKENS
from langneurons.responses.tokens import write_tokens

GENERATION = {"max_new_tokens": 4, "batch_size": 4}
LANGUAGES = ["en", "de"]

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    return save_chat_model(tmp_path_factory.mktemp("chat") / "model")


@pytest.fixture(scope="module")
def responses(spec):
    return generate_responses(spec, small_corpus(), CHAT, GENERATION, LANGUAGES, progress=False)


def question_of(row):
    return QUESTIONS[row["problem"], row["language"]]


def test_responses_continue_the_tokens_of_the_template(spec, responses):
    model, tokenizer = load_model(spec), load_tokenizer(spec)
    for _, row in responses.iterrows():
        ids = applied(tokenizer, question_of(row))
        tensor = torch.tensor([ids])
        settings = {"max_new_tokens": 4, "do_sample": False, "pad_token_id": 0}
        new = model.generate(tensor, **settings)[0, len(ids) :].tolist()
        assert row["response"] == decode_response(tokenizer, ids, new, [2])
        assert tokenizer(row["prompt"], add_special_tokens=False)["input_ids"] == ids


def test_what_is_written_is_read_with_the_same_tokens(spec, responses, tmp_path):
    corpus = small_corpus()
    written = write_and_read(
        corpus, tmp_path, spec=spec, template=CHAT, generation={"max_new_tokens": 4}
    )
    pd.testing.assert_frame_equal(written, responses, check_dtype=False)
    tokens = tmp_path / "tokens"
    write_tokens(tmp_path / "responses.parquet", spec, tokens, 256, "drop", template=CHAT)
    for _, row in read_table(tokens, TOKENS).iterrows():
        assert row["prompt_tokens"].tolist() == applied(chat_tokenizer(), question_of(row))


def test_responses_kept_from_the_same_text_with_other_tokens_are_not_taken(
    spec, tmp_path, monkeypatch
):
    """A prompt that spells the template out begins with <s> twice."""
    calls, new_tokens = [], Generator._new_tokens
    monkeypatch.setattr(
        Generator, "_new_tokens", lambda self, rows: calls.append(1) or new_tokens(self, rows)
    )
    monkeypatch.setattr(writing, "CELL", 6)
    settings = {"spec": spec, "generation": {"max_new_tokens": 4}}
    spelt = "<s>[user]{query}</s>[assistant]"
    texts = write_and_read(small_corpus(), tmp_path, template=spelt, **settings)
    chat = write_and_read(small_corpus(), tmp_path, template=CHAT, **settings)
    assert texts["prompt"].tolist() == chat["prompt"].tolist()
    assert len(calls) == 2
    write_and_read(small_corpus(), tmp_path, template=CHAT, **settings)
    assert len(calls) == 2


def test_responses_of_the_data_keep_the_questions():
    corpus = small_corpus().assign(responses=[["Ja."]] * 6)
    table = given_responses(corpus, CHAT, LANGUAGES)
    assert table["prompt"].tolist() == [question_of(row) for _, row in table.iterrows()]


def test_a_question_that_cannot_be_asked_names_the_corpus(spec, tmp_path):
    base = saved(chat_tokenizer(template=None), tmp_path / "base")
    message = rf"^{tmp_path}/corpus\.parquet: {tmp_path}/base: its tokenizer has no chat template"
    with pytest.raises(InputError, match=message):
        write_and_read(small_corpus(), tmp_path, spec=base, template=CHAT, generation=GENERATION)


# Interventions.


@pytest.fixture
def case(spec, tmp_path):
    """Arguments of `deactivate` and `steer` but for the output, the parameters and the tokens."""
    write_card(spec, tmp_path / "card", chat=True)
    write_table(small_corpus(), tmp_path / "corpus", CORPUS)
    write_neurons(tmp_path / "neurons")
    names = {f"{name}_path": tmp_path / name for name in ("card", "corpus", "neurons")}
    sizes = {"batch_size": 4, "batch_tokens": 1000, "progress": False}
    return {"spec": spec, "languages": LANGUAGES, "template": CHAT, **names, **sizes}


@pytest.fixture
def asked(monkeypatch):
    """The tokens of the prompts that are answered."""
    prompts, answer = [], Answering.answer
    monkeypatch.setattr(
        Answering, "answer", lambda self: prompts.extend(self._prompts) or answer(self)
    )
    return prompts


def questions_of(language):
    return [text for (_, name), text in QUESTIONS.items() if name == language]


@pytest.mark.parametrize("template", [CHAT, PLAIN])
def test_questions_of_deactivation(case, asked, tmp_path, monkeypatch, template):
    scored, mean_nll = [], bench.Likelihood.mean_nll
    monkeypatch.setattr(
        bench.Likelihood,
        "mean_nll",
        lambda self: (
            scored.extend(row for batch in self._batches for row in batch.ids.tolist())
            or mean_nll(self)
        ),
    )
    parameters = {**PARAMETERS, "accuracy": True, "sets": ["specific"], "control_seeds": 0}
    case = {**case, "template": template}
    deactivation.deactivate(output=tmp_path / "answers", parameters=parameters, **case)
    tokenizer, texts = chat_tokenizer(), [*questions_of("en"), *questions_of("de")]
    expected = [applied(tokenizer, text) if template == CHAT else tokenizer(text)["input_ids"]
                for text in texts]  # fmt: skip
    assert asked[:6] == expected
    # A row that is scored is padded on its right.
    assert all(any(row[: len(ids)] == ids for row in scored) for ids in expected)


def test_questions_of_steering(case, asked, tmp_path):
    rows = pd.DataFrame({"problem": "0001", "language": LANGUAGES, "sample": 0})
    rows["prompt_tokens"], rows["response_tokens"] = [[1, 40]] * 2, [[60, 61], [70, 71]]
    write_table(rows, tmp_path / "tokens", TOKENS)
    parameters = {
        "languages": LANGUAGES,
        "set": "specific+related+general",
        "raise_to": "mean",
        "modes": ["set"],
        "factors": [1.0],
        "problems": 3,
        "control": "layer",
        "control_seeds": 0,
        "max_new_tokens": 4,
    }
    output = tmp_path / "answers"
    steering.steer(output=output, parameters=parameters, tokens_path=tmp_path / "tokens", **case)
    assert len(read_table(output, STEERING_ANSWERS))
    assert asked[:3] == [applied(chat_tokenizer(), text) for text in questions_of("en")]


# Alignment.


def test_pairs_are_trained_on_with_the_tokens_of_the_template(spec, tmp_path, monkeypatch):
    held, trainer, facts = [], training.DPOTrainer, []
    monkeypatch.setattr(lora, "keep_only", lambda _, told: facts.append(told))
    monkeypatch.setattr(
        training, "DPOTrainer", lambda **given: held.append(trainer(**given)) or held[-1]
    )
    prompt = Prompts(CHAT, spec).render("Zwei?", "de")
    pairs = write_pairs(tmp_path / "pairs", [(prompt, "Ja.", "Nein.")])
    settings = {**SETTINGS, "steps": 1, "checkpoints": []}
    for template, beginnings in ((CHAT, 1), (PLAIN, 2)):
        folder = tmp_path / f"adapters{beginnings}"
        log = tmp_path / "log"
        training.align(pairs, folder, log, spec, settings, template=template, progress=False)
        data: Dataset = held[-1].train_dataset
        assert data[0]["prompt_ids"].count(BOS) == beginnings
    assert facts[0] != facts[1]  # one is not resumed as the other
    chat = held[0].train_dataset[0]
    tokenizer = load_tokenizer(spec)
    assert chat["prompt_ids"] == applied(tokenizer, "Zwei?")
    chosen = tokenizer("Ja.", add_special_tokens=False)["input_ids"]
    assert chat["chosen_ids"] == [*chosen, tokenizer.eos_token_id]
    # The aligned model is asked as its source is.
    merge_adapter(spec, tmp_path / "adapters1", 1, tmp_path / "merged")
    merged = load_tokenizer(type(spec)(str(tmp_path / "merged")))
    assert merged.chat_template == OPENED
    assert merged("a")["input_ids"][0] == BOS


# The card, and what the configuration asks of it.


def test_a_card_needs_a_template_only_if_it_is_to_ask(spec, tmp_path, monkeypatch):
    shutil.copytree(spec.path, tmp_path / "base")
    (tmp_path / "base/chat_template.jinja").unlink()
    base = type(spec)(str(tmp_path / "base"))
    write_card(base, tmp_path / "card")
    monkeypatch.setattr(cards, "inspect_model", None)  # it reads all weights
    with pytest.raises(InputError, match=f"^{tmp_path}/base: its tokenizer has no chat template"):
        write_card(base, tmp_path / "card", chat=True)


def settings(rule, wildcards, **sections):
    return experiment(**sections).settings(rule)(wildcards)


def test_only_what_the_prompt_decides_knows_of_the_template():
    read = Wildcards(model="base", dataset="sums", responses="base")
    given = Wildcards(model="reader", dataset="sums", responses="data")
    assert settings("tokenize", read, prompt=CHAT)["template"] == CHAT
    assert settings("tokenize", read, prompt=CHAT)["questions"] is False
    assert settings("tokenize", given, prompt=CHAT)["questions"] is True
    assert settings("align", selection("aligned"), prompt=CHAT)["template"] == CHAT
    for rule in ("generate_responses", "given_responses", "sample_responses", "deactivate"):
        assert settings(rule, selection(), prompt=CHAT)["template"] == CHAT
    for rule, wildcards in {"tokenize": given, "align": selection("aligned")}.items():
        assert not {"template", "questions"} & settings(rule, wildcards).keys()


def test_texts_are_read_as_ever():
    tales = {**CONFIG["datasets"]["tales"], "questions_as_texts": True}
    sections = {"datasets": {"sums": CONFIG["datasets"]["sums"], "tales": tales}, "prompt": CHAT}
    read = Wildcards(model="base", dataset="tales", responses="data")
    assert settings("tokenize", read, **sections) == {
        "spec": {"path": "owner/base", "dtype": "float32"},
        "empty": "error",
    }
    assert settings("given_responses", read, **sections)["template"] is None
    assert settings("deactivate", selection(dataset="tales"), **sections)["template"] == PLAIN


#: What else there is in the experiment → the models that are asked by their own template. The
#: responses are those of base, but for reader, which asks the questions of the data.
ASKED = {
    "nothing": ({}, {"base", "reader"}),
    "accuracy": ({"accuracy": {}}, {"base", "other", "reader", "aligned", "aligned@10"}),
    "deactivation": ({"deactivation": {"models": ["other"]}}, {"base", "other", "reader"}),
    "steering": ({"steering": {"models": ["other"]}}, {"base", "other", "reader"}),
    "samples": (
        {"datasets": {"tales": {"format": "hub", "path": "owner/tales", "questions_as_texts": True,
                                "columns": {"question": "text"}}}},
        {"base"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_cards_of_the_models_that_are_asked(name):
    stages = {"accuracy": None, "deactivation": None, "steering": None}
    sections, expected = ASKED[name]
    made = experiment(**{**stages, **sections, "prompt": CHAT})
    names = ["base", "other", "reader", "aligned", "aligned@10"]
    found = {model: made.settings("inspect_model")(selection(model)) for model in names}
    assert {model for model in names if found[model].get("chat")} == expected
    assert all("chat" not in found[model] for model in set(names) - expected)
    made = experiment(**{**stages, **sections})
    assert not any("chat" in made.settings("inspect_model")(selection(model)) for model in names)


def test_a_prompt_that_is_no_text_and_not_chat_names_its_key():
    message = r"^config: prompt: template 'Chat': expected the field \{query\}"
    with pytest.raises(InputError, match=message):
        experiment(prompt="Chat")
