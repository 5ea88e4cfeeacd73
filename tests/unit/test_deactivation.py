"""Deactivation on a tiny model: the numbers, the controls, and runs that are cut short."""

import math
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from tiny_models import save_tiny_model

from langneurons.artifacts import read_provenance, read_table, write_table
from langneurons.config import checked
from langneurons.deactivation import (
    deactivate,
    kept_cells,
    merge_deactivation,
    summarise,
)
from langneurons.errors import InputError
from langneurons.evaluation.answering import Answering
from langneurons.evaluation.bench import Bench
from langneurons.evaluation.perplexity import Likelihood
from langneurons.generation import generate
from langneurons.models.cards import write_card
from langneurons.models.loading import load_model, load_tokenizer
from langneurons.models.mlps import find_mlps
from langneurons.models.spec import ModelSpec
from langneurons.neuron_sets import MASK, SETS, control, read_masks, sets_of_table
from langneurons.neuron_table import NEURONS
from langneurons.schemas import CORPUS, DEACTIVATION, DEACTIVATION_PROBLEMS, TOKENS

ROOT = Path(__file__).parents[2]
LANGUAGES = ["en", "de"]
L, D = 2, 24
#: (layer, neuron): its type and languages; all other neurons are of type other.
TYPED = {
    (0, 0): ("specific", ["en"]),
    (0, 1): ("specific", ["en"]),
    (0, 3): ("related", ["en", "de"]),
    (0, 5): ("general", ["en", "de"]),
    (1, 2): ("specific", ["en"]),
    (1, 4): ("related", ["en", "de"]),
    (1, 9): ("general", ["en", "de"]),
}
PARAMETERS = {
    "sets": list(SETS),
    "control_seeds": 1,
    "texts": "prompt",
    "problems": 3,
    "accuracy": False,
    "max_new_tokens": 4,
    "batch_size": 4,
    "batch_tokens": 100,
}
QUESTIONS = {
    "en": ["how many", "how many apples has Anna", "what is left of them"],
    "de": ["wie viele", "wie viele Äpfel hat Anna", "was bleibt davon"],
}


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
    folder = tmp_path_factory.mktemp("case")
    save_tiny_model(folder / "model", "mistral", max_position_embeddings=64)
    spec = ModelSpec(path=str(folder / "model"), device="cpu")
    write_card(spec, folder / "card.parquet")
    corpus = [
        {"problem": f"p{i}", "language": name, "question": text, "answer": float(i)}
        for i in range(3)
        for name, questions in QUESTIONS.items()
        for text in [questions[i]]
    ]
    write_table(pd.DataFrame(corpus).assign(responses=[[]] * 6), folder / "corpus", CORPUS)
    write_neurons(folder / "neurons")
    return {
        "spec": spec,
        "card_path": folder / "card.parquet",
        "corpus_path": folder / "corpus",
        "neurons_path": folder / "neurons",
        "languages": LANGUAGES,
        "template": "{query} ",
        "progress": False,
    }


def write_neurons(path, layers=L, width=D, typed=TYPED):
    rows = [(layer, neuron) for layer in range(layers) for neuron in range(width)]
    typed = [typed.get(row, ("other", [])) for row in rows]
    table = pd.DataFrame(rows, columns=["layer", "neuron"]).assign(
        type=[kind for kind, _ in typed],
        languages=[names for _, names in typed],
        n_languages=[len(names) for _, names in typed],
        selected=[kind in ("specific", "related") for kind, _ in typed],
        score=0.0,
        max_probability=0.5,
    )
    write_table(table, path, NEURONS)


def run(case, folder, shares=1, parameters=PARAMETERS, **changes):
    """All shares, merged: the table of means and that of problems."""
    paths = [folder / f"{index}-of-{shares}.parquet" for index in range(1, shares + 1)]
    for index, path in enumerate(paths, start=1):
        arguments = {**case, "parameters": parameters, "share": (index, shares), **changes}
        deactivate(output=path, **arguments)
    sets = [MASK] if changes.get("mask_path") else parameters["sets"]
    merge_deactivation(paths, folder / "means", folder / "problems", case["languages"], sets)
    return read_table(folder / "means", DEACTIVATION), read_table(
        folder / "problems", DEACTIVATION_PROBLEMS
    )


def row_of(table, name, seed, deactivated, target):
    def equals(column, value):
        return table[column].isna() if value is None else table[column] == value

    keys = {"set": name, "control_seed": seed, "deactivated": deactivated, "target": target}
    found = np.logical_and.reduce([equals(*pair) for pair in keys.items()])
    assert found.sum() == 1
    return table[found].iloc[0]


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


def test_controls_are_as_many_in_each_layer_and_avoid_the_set():
    generator = np.random.default_rng(0)
    neurons = np.zeros((3, 100), dtype=bool)
    neurons[0, generator.permutation(100)[:40]] = True
    neurons[2, :3] = True
    drawn = control(neurons, 0, "specific", "en")
    assert drawn.sum(axis=1).tolist() == [40, 0, 3]
    assert not (drawn & neurons).any()
    assert (drawn == control(neurons, 0, "specific", "en")).all()
    others = [(1, "specific", "en"), (0, "specific+related", "en"), (0, "specific", "de")]
    assert all((drawn != control(neurons, *other)).any() for other in others)


def test_controls_of_more_than_half_a_layer_take_what_there_is():
    neurons = np.array([[True] * 7 + [False] * 3])
    drawn = control(neurons, 0, "specific", "en")
    assert drawn.sum() == 7
    assert drawn[0, 7:].all()


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
        return [*texts["en"], *texts["de"][:2]], [False, False, True, False, True]

    monkeypatch.setattr(Answering, "_answers", answers)
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
        return Answering(model, tokenizer, questions, settings, LANGUAGES)._answers()

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


def test_lape_has_no_related_type(tmp_path):
    write_neurons(tmp_path / "neurons")
    sets = sets_of_table(tmp_path / "neurons", list(SETS), (L, D), ["de", "en"])
    # Languages in another order than in the table's lists.
    assert {name: mask.sum(axis=(1, 2)).tolist() for name, mask in sets.items()} == {
        "specific": [0, 3],
        "specific+related": [2, 5],
        "specific+related+general": [4, 7],
    }


class _Code:
    def __reduce__(self):
        return os.getcwd, ()


def layers(*sizes):
    return [torch.arange(size) for size in sizes]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([layers(1, 2)], r"masks of 1 languages, expected 2 \(en de\)"),
        ([layers(1, 2), layers(1, 2, 3)], "3 layers for de, expected 2"),
        ([layers(1, 2), layers(1, 25)], "layer 1 of de has the index 24, expected 0 to 23"),
        ([layers(1, 2), [torch.tensor([-1])] * 2], "layer 0 of de has the index -1"),
        ({"en": layers(1, 2)}, "found something else"),
        ([[1, 2], [3, 4]], "found something else"),
        ([[torch.ones(2)] * 2] * 2, "found something else"),
    ],
)
def test_masks_of_another_model(case, tmp_path, content, message):
    torch.save(content, tmp_path / "mask.pt")
    with pytest.raises(InputError, match=message) as caught:
        run(case, tmp_path, mask_path=tmp_path / "mask.pt")
    assert str(tmp_path / "mask.pt") in str(caught.value)


def test_mask_files_that_cannot_be_read(tmp_path):
    path = tmp_path / "mask.pt"
    with pytest.raises(InputError, match="no such file"):
        read_masks(path, (L, D), LANGUAGES)
    torch.save([layers(1, 2), layers(3, 4)], path)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"not a tensor"):
        path.write_bytes(content)
        with pytest.raises(InputError, match="truncated or foreign"):
            read_masks(path, (L, D), LANGUAGES)
    path.write_bytes(pickle.dumps(_Code(), protocol=2))
    with pytest.raises(InputError, match=r"pickled code .*, not run"):
        read_masks(path, (L, D), LANGUAGES)
    torch.save([[torch.tensor([]), torch.tensor([3])]] * 2, path)  # an empty list is a float
    assert read_masks(path, (L, D), LANGUAGES)[MASK].sum() == 2


def test_neurons_of_another_model(case, tmp_path):
    write_neurons(tmp_path / "neurons", layers=3, width=20)
    message = "neurons of another model: 3 layers of 20 neurons, expected 2 layers of 24"
    with pytest.raises(InputError, match=message):
        run(case, tmp_path, neurons_path=tmp_path / "neurons")


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


CONFIG = {
    "languages": LANGUAGES,
    "datasets": {"demo": {"format": "demo", "problems": 4}},
    "models": {"base": {"path": "owner/base"}},
}


def test_the_stage_is_off_unless_asked_for_and_has_defaults():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    assert "deactivation" not in checked(CONFIG, schema)
    assert checked({**CONFIG, "deactivation": {}}, schema)["deactivation"] == {
        "sets": list(SETS),
        "control_seeds": 2,
        "texts": "prompt",
        "problems": 250,
        "accuracy": True,
        "methods": ["ternary"],
        "masks": {},
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sets": ["specifc"]}, "deactivation.sets.0: found 'specifc', expected one of"),
        ({"problems": 0}, "deactivation.problems: found 0, expected a number of at least 1"),
        ({"methods": ["plnd"]}, "deactivation.methods: found 'plnd', expected some of"),
        ({"masks": {"other": {"demo": "x.pt"}}}, "deactivation.masks: found 'other'"),
        ({"masks": {"base": {"sums": "x.pt"}}}, "masks.base: unknown dataset 'sums'"),
        ({"masks": {"base": {"demo": "x.pt"}}}, "masks.base.demo: no such file 'x.pt'"),
    ],
)
def test_mistakes_in_the_configuration_are_named(settings, message):
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    with pytest.raises(InputError, match=message):
        checked({**CONFIG, "deactivation": settings}, schema)
