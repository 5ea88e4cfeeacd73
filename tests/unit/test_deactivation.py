"""Deactivation on a tiny model: the numbers, the controls, and runs that are cut short."""

import math
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from deactivation_cases import (
    LANGUAGES,
    PARAMETERS,
    QUESTIONS,
    TYPED,
    D,
    L,
    row_of,
    run,
    tiny_case,
    write_neurons,
)
from tiny_models import save_tiny_model

from langneurons.artifacts.cells import kept_cells
from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.interventions.answering import Answering
from langneurons.interventions.bench import Bench
from langneurons.interventions.deactivation import summarise
from langneurons.models.likelihood import Likelihood
from langneurons.models.loading import load_model, load_tokenizer
from langneurons.models.mlps import find_mlps
from langneurons.models.spec import ModelSpec
from langneurons.neurons.sets import MASK, control, read_masks, sets_of_table
from langneurons.responses.generation import generate
from langneurons.responses.schemas import TOKENS


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Spare tiny models the cost of waking up threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """Arguments of `deactivate` but for the output and the parameters."""
    return tiny_case(tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="module")
def tables(case, tmp_path_factory):
    return run(case, tmp_path_factory.mktemp("whole"))


def test_one_row_for_each_cell_and_target_in_order(tables):
    means, problems = tables
    # none + 3 sets × 2 languages × (set + 1 control) = 13 cells, × 2 targets (× 3 problems).
    assert len(means) == 26
    assert len(problems) == 78
    head = means.head(6)
    assert head["set"].tolist() == ["none"] * 2 + ["specific"] * 4
    assert head["deactivated"].fillna("-").tolist() == ["-"] * 2 + ["en"] * 4
    assert head["control_seed"].fillna(-1).tolist() == [-1, -1, -1, -1, 0, 0]
    assert means["target"].tolist() == ["en", "de"] * 13
    sizes = means.drop_duplicates(["set", "deactivated"])[["set", "deactivated", "neurons"]]
    assert sizes.fillna("-").to_numpy().tolist() == [
        ["none", "-", 0],
        ["specific", "en", 3],
        ["specific", "de", 0],
        ["specific+related", "en", 5],
        ["specific+related", "de", 2],
        ["specific+related+general", "en", 7],
        ["specific+related+general", "de", 4],
    ]
    controls = means[means["control_seed"].notna()].groupby(["set", "deactivated"])["neurons"]
    real = means[means["control_seed"].isna()].groupby(["set", "deactivated"])["neurons"]
    pd.testing.assert_series_equal(controls.first(), real.first())


def nll_of_edited_weights(case, mask, target):
    """Mean over the prompts of the mean token NLL, of a model without these columns."""
    model, tokenizer = load_model(case["spec"]), load_tokenizer(case["spec"])
    for mlp, row in zip(find_mlps(model), mask, strict=True):
        mlp.down.weight[:, np.flatnonzero(row)] = 0
    ids = [tokenizer(f"{question} ")["input_ids"] for question in QUESTIONS[target]]
    tokens = pd.DataFrame({"prompt_tokens": [x[:1] for x in ids]})
    tokens["response_tokens"] = [x[1:] for x in ids]
    return Likelihood(model, tokens, 100).mean_nll().mean()


def test_measures_are_those_of_edited_weights(case, tables):
    means, _ = tables
    name = "specific+related+general"
    mask = sets_of_table(case["neurons_path"], [name], (L, D), LANGUAGES)[name][0]
    drawn = control(mask, 0, name, "en")
    nothing = np.zeros((L, D), dtype=bool)
    found = []
    for key, neurons in [((name, None, "en"), mask), ((name, 0, "en"), drawn)]:
        row = row_of(means, *key, "de")
        found.append(row["nll"])
        expected = nll_of_edited_weights(case, neurons, "de")
        assert row["nll"] == pytest.approx(expected, rel=1e-6)
        assert row["perplexity"] == pytest.approx(math.exp(expected), rel=1e-6)
    found.append(row_of(means, "none", None, None, "de")["nll"])
    assert found[2] == pytest.approx(nll_of_edited_weights(case, nothing, "de"), rel=1e-6)
    assert min(abs(a - b) for a, b in [found[:2], found[1:], found[::2]]) > 1e-3


def test_an_empty_set_is_no_number(tables):
    means, problems = tables
    for seed in (None, 0):
        row = row_of(means, "specific", seed, "de", "en")
        assert row[["neurons", "n"]].tolist() == [0, 0]
        assert row[["nll", "perplexity", "accuracy", "unfinished"]].isna().all()
    empty = problems[(problems["set"] == "specific") & (problems["deactivated"] == "de")]
    assert len(empty) == 2 * 2 * 3
    assert empty["nll"].isna().all()
    assert problems.drop(empty.index)["nll"].notna().all()


def test_means_by_hand():
    cell = {"set": "specific", "control_seed": None, "deactivated": "en", "neurons": 2}
    rows = [
        {"problem": "a", "nll": 1.0, "right": True, "unfinished": False},
        {"problem": "b", "nll": 2.0, "right": False, "unfinished": True},
        {"problem": "c", "nll": 6.0, "right": None, "unfinished": None},
        {"problem": "d", "nll": None, "right": False, "unfinished": True},
    ]
    problems = pd.DataFrame([{**cell, "target": "en", **row} for row in rows])
    overflowing = problems.assign(target="de", nll=[700.0, 800.0, None, None])
    found = summarise(pd.concat([problems, overflowing], ignore_index=True))
    # (1 + 2 + 6) / 3 = 3; one of three answers right; two cut off; four problems measured.
    assert found[["nll", "n", "unfinished"]].iloc[0].tolist() == [3, 4, 2]
    assert found["accuracy"].iloc[0] == pytest.approx(1 / 3)
    assert found["perplexity"].iloc[0] == pytest.approx(math.exp(3))
    # exp(750) is beyond a float64: infinite, and the NLL is still there.
    assert found[["nll", "perplexity"]].iloc[1].tolist() == [750, math.inf]


@pytest.mark.parametrize("shares", [3, 20])
def test_shares_merge_to_the_same_tables(case, tables, tmp_path, shares):
    for found, expected in zip(run(case, tmp_path, shares), tables, strict=True):
        pd.testing.assert_frame_equal(found, expected)


def interrupted(monkeypatch, after):
    """Count the measurements; the one after so many is like a kill."""
    measure, calls = Bench.measure, []

    def counted(self, edits):
        calls.append(len(edits))
        if len(calls) == after + 1:
            raise KeyboardInterrupt
        return measure(self, edits)

    monkeypatch.setattr(Bench, "measure", counted)
    return calls


def test_a_killed_run_goes_on_where_it_stopped(case, tables, tmp_path, monkeypatch):
    calls = interrupted(monkeypatch, after=4)
    with pytest.raises(KeyboardInterrupt):
        run(case, tmp_path)
    assert not (tmp_path / "1-of-1.parquet").exists()
    found = run(case, tmp_path)
    # 13 cells less 2 without neurons; the one that was cut short is measured again.
    assert len(calls) == 11 + 1
    for table, expected in zip(found, tables, strict=True):
        pd.testing.assert_frame_equal(table, expected)
    assert not kept_cells(tmp_path / "1-of-1.parquet").exists()


@pytest.mark.parametrize("changed", ["parameters", "checkpoint", "neurons", "code"])
def test_cells_of_another_experiment_are_not_taken(case, tables, tmp_path, monkeypatch, changed):
    path = tmp_path / "model"
    shutil.copytree(case["spec"].path, path)
    case = {**case, "spec": ModelSpec(path=str(path), device="cpu")}
    calls = interrupted(monkeypatch, after=6)
    with pytest.raises(KeyboardInterrupt):
        run(case, tmp_path)
    parameters, changes = PARAMETERS, {}
    if changed == "parameters":
        parameters = {**PARAMETERS, "problems": 2}
    if changed == "checkpoint":
        save_tiny_model(path, "mistral", seed=1, max_position_embeddings=64)
    if changed == "code":
        changes["code"] = {"deactivation.py": "0123"}
    if changed == "neurons":
        others = {place: kind for place, kind in TYPED.items() if place != (0, 5)}
        write_neurons(tmp_path / "neurons", typed={**others, (0, 6): TYPED[0, 5]})
        changes["neurons_path"] = tmp_path / "neurons"
    run(case, tmp_path, parameters=parameters, **changes)
    # Only the sets without general neurons are still the same: those are the first six cells.
    taken = 6 if changed == "neurons" else 0
    assert len(calls) == 7 + 11 - taken


def test_likelihood_of_responses(case, tmp_path):
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
    means, problems = run(case, tmp_path, parameters=parameters, tokens_path=tmp_path / "tokens")
    nll = Likelihood(load_model(case["spec"]), tokens, 100).mean_nll()
    # Rows: p0 en en de de, p1 en en de de; two samples a problem; p2 has no response.
    by_problem = nll.reshape(2, 2, 2).mean(axis=2)  # (problem, language)
    row = row_of(means, "none", None, None, "de")
    assert row["nll"] == pytest.approx(by_problem[:, 1].mean(), rel=1e-6)
    assert row["n"] == 2
    none = problems[(problems["set"] == "none") & (problems["target"] == "en")]
    assert none["nll"].isna().tolist() == [False, False, True]


def test_answers_are_assessed(case, tmp_path, monkeypatch):
    def answers(self):
        texts = {"en": ["The answer is 0", "Es sind 1", "She has 7 left"], "de": ["Es sind 0"] * 3}
        responses = [*texts["en"], *texts["de"][:2]]
        unfinished = [False, False, True, False, True]
        return pd.DataFrame({"response": responses, "unfinished": unfinished})

    monkeypatch.setattr(Answering, "answer", answers)
    corpus = read_table(case["corpus_path"], CORPUS)
    corpus.loc[5, "answer"] = np.nan  # p2 in German has nothing to compare with
    write_table(corpus, tmp_path / "corpus", CORPUS)
    parameters = {**PARAMETERS, "accuracy": True, "control_seeds": 0, "sets": ["specific"]}
    means, problems = run(case, tmp_path, parameters=parameters, corpus_path=tmp_path / "corpus")
    # Answers are 0, 1, 2: right; right but German; wrong. Then right; wrong; not asked.
    none = problems[problems["set"] == "none"]
    assert none["right"].tolist() == [True, False, False, True, False, None]
    assert none["unfinished"].tolist() == [False, False, True, False, True, None]
    english, german = (row_of(means, "none", None, None, name) for name in LANGUAGES)
    assert english["accuracy"] == pytest.approx(1 / 3)
    assert german["accuracy"] == pytest.approx(1 / 2)
    assert [english["unfinished"], german["unfinished"]] == [1, 1]


def test_answers_are_those_of_generation_and_bounded(case, tmp_path):
    prompts = [f"{text} " for questions in QUESTIONS.values() for text in questions]
    questions = pd.DataFrame({"prompt": prompts, "problem": "p", "language": "en", "answer": 1.0})
    settings = {"max_new_tokens": 5, "batch_size": 4}

    def answers(spec):
        model, tokenizer = load_model(spec), load_tokenizer(spec)
        table = Answering(model, tokenizer, questions, settings, LANGUAGES).answer()
        return table["response"].tolist(), table["unfinished"].tolist()

    found, unfinished = answers(case["spec"])
    assert found == generate(case["spec"], questions, settings, progress=False)
    assert unfinished == [True] * 6
    # The same weights, where the third token of the first answer ends an answer.
    tokenizer, model = load_tokenizer(case["spec"]), load_model(case["spec"])
    prompt = torch.tensor([tokenizer(prompts[0])["input_ids"]])
    new = model.generate(prompt, max_new_tokens=5, do_sample=False, pad_token_id=0)[0, -5:]
    path = tmp_path / "other"
    shutil.copytree(case["spec"].path, path)
    model.generation_config.eos_token_id = int(new[2])
    model.generation_config.save_pretrained(path)
    shorter, unfinished = answers(ModelSpec(path=str(path), device="cpu"))
    assert not unfinished[0]
    assert found[0].startswith(shorter[0])
    assert len(shorter[0]) < len(found[0])


def test_a_published_mask_gives_the_same_numbers(case, tables, tmp_path):
    name = "specific+related"
    mask = sets_of_table(case["neurons_path"], [name], (L, D), LANGUAGES)[name]
    tensors = [[torch.from_numpy(np.flatnonzero(row)) for row in rows] for rows in mask]
    torch.save(tensors, tmp_path / "mask.pt")
    assert (read_masks(tmp_path / "mask.pt", (L, D), LANGUAGES)[MASK] == mask).all()
    found, _ = run(case, tmp_path, mask_path=tmp_path / "mask.pt", neurons_path=None)
    assert found["set"].unique().tolist() == ["none", "mask"]
    for language in LANGUAGES:
        row = row_of(found, "mask", None, language, "en")
        assert row["nll"] == row_of(tables[0], name, None, language, "en")["nll"]


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
def test_mistakes_are_named(case, tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        run(case, tmp_path, **changes)


def test_a_language_without_problems(case, tmp_path):
    corpus = read_table(case["corpus_path"], CORPUS)
    write_table(corpus[corpus["language"] == "en"], tmp_path / "corpus", CORPUS)
    with pytest.raises(InputError, match="no problems in de, expected at least one"):
        run(case, tmp_path, corpus_path=tmp_path / "corpus")


def test_the_tables_say_how_they_were_made(case, tmp_path):
    run(case, tmp_path)
    facts = read_provenance(tmp_path / "means")
    assert facts["parameters"] == PARAMETERS
    assert facts["model"]["path"] == case["spec"].path
    assert "share" not in facts
