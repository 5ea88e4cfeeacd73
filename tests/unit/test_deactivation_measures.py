"""Deactivation on a tiny model: what is measured under a set, and what is refused."""

import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from deactivation_cases import (
    LANGUAGES,
    PARAMETERS,
    QUESTIONS,
    D,
    L,
    row_of,
    run,
)

from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.interventions.answering import Answering
from langneurons.models.likelihood import Likelihood
from langneurons.models.loading import load_model, load_tokenizer
from langneurons.models.spec import ModelSpec
from langneurons.neurons.sets import MASK, read_masks, sets_of_table
from langneurons.responses.prompts import PLAIN, Prompts
from langneurons.responses.schemas import TOKENS
from langneurons.responses.writing import Writer

pytestmark = pytest.mark.usefixtures("one_thread")


def test_likelihood_of_responses(deactivation_case, tmp_path):
    tokens = [
        {"problem": f"p{i}", "language": name, "sample": sample}
        for i in (0, 1)
        for name in LANGUAGES
        for sample in (0, 1)
    ]
    tokens = pd.DataFrame(tokens)
    tokens["prompt_tokens"] = [[1, 40 + i] for i in range(8)]
    tokens["response_tokens"] = [[60 + i, 61, 62 + i] for i in range(8)]
    write_table(tokens, tmp_path / "tokens", TOKENS)
    parameters = {**PARAMETERS, "texts": "responses", "control_seeds": 0, "sets": ["specific"]}
    means, problems = run(
        deactivation_case, tmp_path, parameters=parameters, tokens_path=tmp_path / "tokens"
    )
    nll = Likelihood(load_model(deactivation_case["spec"]), tokens, 100).mean_nll()
    # Rows: p0 en en de de, p1 en en de de; two samples a problem; p2 has no response.
    by_problem = nll.reshape(2, 2, 2).mean(axis=2)  # (problem, language)
    row = row_of(means, "none", None, None, "de")
    assert row["nll"] == pytest.approx(by_problem[:, 1].mean(), rel=1e-6)
    assert row["n"] == 2
    none = problems[(problems["set"] == "none") & (problems["target"] == "en")]
    assert none["nll"].isna().tolist() == [False, False, True]


def test_answers_are_assessed(deactivation_case, tmp_path, monkeypatch):
    def answers(self):
        texts = {"en": ["The answer is 0", "Es sind 1", "She has 7 left"], "de": ["Es sind 0"] * 3}
        responses = [*texts["en"], *texts["de"][:2]]
        unfinished = [False, False, True, False, True]
        return pd.DataFrame({"response": responses, "unfinished": unfinished})

    monkeypatch.setattr(Answering, "answer", answers)
    corpus = read_table(deactivation_case["corpus_path"], CORPUS)
    corpus.loc[5, "answer"] = np.nan  # p2 in German has nothing to compare with
    write_table(corpus, tmp_path / "corpus", CORPUS)
    parameters = {**PARAMETERS, "accuracy": True, "control_seeds": 0, "sets": ["specific"]}
    means, problems = run(
        deactivation_case, tmp_path, parameters=parameters, corpus_path=tmp_path / "corpus"
    )
    # Answers are 0, 1, 2: right; right but German; wrong. Then right; wrong; not asked.
    none = problems[problems["set"] == "none"]
    assert none["right"].tolist() == [True, False, False, True, False, None]
    assert none["unfinished"].tolist() == [False, False, True, False, True, None]
    english, german = (row_of(means, "none", None, None, name) for name in LANGUAGES)
    assert english["accuracy"] == pytest.approx(1 / 3)
    assert german["accuracy"] == pytest.approx(1 / 2)
    assert [english["unfinished"], german["unfinished"]] == [1, 1]


def test_answers_are_those_of_generation_and_bounded(deactivation_case, tmp_path):
    prompts = [f"{text} " for questions in QUESTIONS.values() for text in questions]
    questions = pd.DataFrame({"prompt": prompts, "problem": "p", "language": "en", "sample": 0})
    settings = {"max_new_tokens": 5, "batch_size": 4}

    def answers(spec):
        model, tokenizer = load_model(spec), load_tokenizer(spec)
        table = Answering(model, tokenizer, questions, settings).answer()
        return table["response"].tolist(), table["unfinished"].tolist()

    found, unfinished = answers(deactivation_case["spec"])
    spec = deactivation_case["spec"]
    written = Writer(spec, Prompts(PLAIN, spec), questions, settings, progress=False).write()
    assert found == written.set_index("prompt")["response"][prompts].tolist()
    assert unfinished == [True] * 6
    # The same weights, where the third token of the first answer ends an answer.
    tokenizer, model = (
        load_tokenizer(deactivation_case["spec"]),
        load_model(deactivation_case["spec"]),
    )
    prompt = torch.tensor([tokenizer(prompts[0])["input_ids"]])
    new = model.generate(prompt, max_new_tokens=5, do_sample=False, pad_token_id=0)[0, -5:]
    path = tmp_path / "other"
    shutil.copytree(deactivation_case["spec"].path, path)
    model.generation_config.eos_token_id = int(new[2])
    model.generation_config.save_pretrained(path)
    shorter, unfinished = answers(ModelSpec(path=str(path), device="cpu"))
    assert not unfinished[0]
    assert found[0].startswith(shorter[0])
    assert len(shorter[0]) < len(found[0])


def test_a_published_mask_gives_the_same_numbers(deactivation_case, deactivation_tables, tmp_path):
    name = "specific+related"
    mask = sets_of_table(deactivation_case["neurons_path"], [name], (L, D), LANGUAGES)[name]
    tensors = [[torch.from_numpy(np.flatnonzero(row)) for row in rows] for rows in mask]
    torch.save(tensors, tmp_path / "mask.pt")
    assert (read_masks(tmp_path / "mask.pt", (L, D), LANGUAGES)[MASK] == mask).all()
    found, _ = run(deactivation_case, tmp_path, mask_path=tmp_path / "mask.pt", neurons_path=None)
    assert found["set"].unique().tolist() == ["none", "mask"]
    for language in LANGUAGES:
        row = row_of(found, "mask", None, language, "en")
        assert row["nll"] == row_of(deactivation_tables[0], name, None, language, "en")["nll"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parameters": {**PARAMETERS, "sets": ["specifc"]}}, "set 'specifc', expected some of"),
        ({"parameters": {**PARAMETERS, "texts": "both"}}, "texts: found 'both'"),
        (
            {"parameters": {**PARAMETERS, "accuracy": True, "max_new_tokens": 50}},
            "problem 'p1', language de: the prompt has .* expected at most 14",
        ),
    ],
)
def test_mistakes_are_named(deactivation_case, tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        run(deactivation_case, tmp_path, **changes)


def test_a_language_without_problems(deactivation_case, tmp_path):
    corpus = read_table(deactivation_case["corpus_path"], CORPUS)
    write_table(corpus[corpus["language"] == "en"], tmp_path / "corpus", CORPUS)
    with pytest.raises(InputError, match="no problems in de, expected at least one"):
        run(deactivation_case, tmp_path, corpus_path=tmp_path / "corpus")


def test_the_tables_say_how_they_were_made(deactivation_case, tmp_path):
    run(deactivation_case, tmp_path)
    facts = read_provenance(tmp_path / "means")
    assert facts["parameters"] == PARAMETERS
    assert facts["model"]["path"] == deactivation_case["spec"].path
    assert "share" not in facts
