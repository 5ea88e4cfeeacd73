"""Deactivation on a tiny model: the numbers, the controls, and runs that are cut short."""

import math
import shutil

import numpy as np
import pandas as pd
import pytest
from deactivation_cases import (
    LANGUAGES,
    PARAMETERS,
    QUESTIONS,
    TYPED,
    D,
    L,
    row_of,
    run,
    write_neurons,
)
from test_random_controls import write_probabilities
from tiny_models import save_tiny_model

from langneurons.artifacts.cells import kept_cells
from langneurons.artifacts.tables import read_provenance
from langneurons.interventions.bench import Bench
from langneurons.interventions.deactivation_summary import summarise
from langneurons.models.likelihood import Likelihood
from langneurons.models.loading import load_model, load_tokenizer
from langneurons.models.mlps import find_mlps
from langneurons.models.spec import ModelSpec
from langneurons.neurons.controls import control
from langneurons.neurons.sets import sets_of_table

pytestmark = pytest.mark.usefixtures("one_thread")


def test_one_row_for_each_cell_and_target_in_order(deactivation_tables):
    means, problems = deactivation_tables
    # none + 3 sets × 2 languages × (set + 1 control) + 2 × random beside specific = 15 cells,
    # × 2 targets (× 3 problems).
    assert len(means) == 30
    assert len(problems) == 90
    head = means.head(6)
    assert head["set"].tolist() == ["none"] * 2 + ["specific"] * 4
    assert head["deactivated"].fillna("-").tolist() == ["-"] * 2 + ["en"] * 4
    assert head["control_seed"].fillna(-1).tolist() == [-1, -1, -1, -1, 0, 0]
    assert means["target"].tolist() == ["en", "de"] * 15
    sizes = means.drop_duplicates(["set", "deactivated"])[["set", "deactivated", "neurons"]]
    assert sizes.fillna("-").to_numpy().tolist() == [
        ["none", "-", 0],
        ["specific", "en", 3],
        ["specific", "de", 0],
        ["specific+related", "en", 5],
        ["specific+related", "de", 2],
        ["specific+related+general", "en", 7],
        ["specific+related+general", "de", 4],
        ["specific+random", "en", 5],
        ["specific+random", "de", 2],
    ]
    means = means[means["set"] != "specific+random"]
    controls = means[means["control_seed"].notna()].groupby(["set", "deactivated"])["neurons"]
    real = means[means["control_seed"].isna()].groupby(["set", "deactivated"])["neurons"]
    pd.testing.assert_series_equal(controls.first(), real.first())


def nll_of_edited_weights(deactivation_case, mask, target):
    """Mean over the prompts of the mean token NLL, of a model without these columns."""
    model, tokenizer = (
        load_model(deactivation_case["spec"]),
        load_tokenizer(deactivation_case["spec"]),
    )
    for mlp, row in zip(find_mlps(model), mask, strict=True):
        mlp.down.weight[:, np.flatnonzero(row)] = 0
    ids = [tokenizer(f"{question} ")["input_ids"] for question in QUESTIONS[target]]
    tokens = pd.DataFrame({"prompt_tokens": [x[:1] for x in ids]})
    tokens["response_tokens"] = [x[1:] for x in ids]
    return Likelihood(model, tokens, 100).mean_nll().mean()


def test_measures_are_those_of_edited_weights(deactivation_case, deactivation_tables):
    means, _ = deactivation_tables
    name = "specific+related+general"
    masks = sets_of_table(deactivation_case["neurons_path"], [name], (L, D), LANGUAGES)[name]
    mask = masks[0]
    drawn = control(mask, masks.any(axis=0), 0, name, "en")
    nothing = np.zeros((L, D), dtype=bool)
    found = []
    for key, neurons in [((name, None, "en"), mask), ((name, 0, "en"), drawn)]:
        row = row_of(means, *key, "de")
        found.append(row["nll"])
        expected = nll_of_edited_weights(deactivation_case, neurons, "de")
        assert row["nll"] == pytest.approx(expected, rel=1e-6)
        assert row["perplexity"] == pytest.approx(math.exp(expected), rel=1e-6)
    found.append(row_of(means, "none", None, None, "de")["nll"])
    assert found[2] == pytest.approx(
        nll_of_edited_weights(deactivation_case, nothing, "de"), rel=1e-6
    )
    assert min(abs(a - b) for a, b in [found[:2], found[1:], found[::2]]) > 1e-3


def test_an_empty_set_is_no_number(deactivation_tables):
    means, problems = deactivation_tables
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
        {"problem": "e", "nll": None, "right": None, "unfinished": None, "known": 1.0},
        {"problem": "f", "nll": None, "right": None, "unfinished": None, "known": 0.5},
    ]
    problems = pd.DataFrame([{**cell, "target": "en", **row} for row in rows])
    overflowing = problems.assign(target="de", nll=[700.0, 800.0, None, None, None, None])
    found = summarise(pd.concat([problems, overflowing], ignore_index=True))
    # (1 + 2 + 6) / 3 = 3; one of three answers right; two cut off; four problems measured.
    assert found[["nll", "n", "unfinished"]].iloc[0].tolist() == [3, 4, 2]
    assert found["accuracy"].iloc[0] == pytest.approx(1 / 3)
    assert found[["knowledge", "facts"]].iloc[0].tolist() == [0.75, 2]
    assert found["perplexity"].iloc[0] == pytest.approx(math.exp(3))
    # exp(750) is beyond a float64: infinite, and the NLL is still there.
    assert found[["nll", "perplexity"]].iloc[1].tolist() == [750, math.inf]


def test_beside_the_specific_neurons_random_ones_take_the_place_of_the_related(
    deactivation_case, deactivation_tables
):
    means, _ = deactivation_tables
    path, names = deactivation_case["neurons_path"], ["specific", "specific+related"]
    specific, whole = sets_of_table(path, names, (L, D), LANGUAGES).values()
    drawn = control(whole[0] & ~specific[0], whole.any(axis=0), 0, "specific+random", "en")
    assert drawn.sum() == 2
    expected = nll_of_edited_weights(deactivation_case, specific[0] | drawn, "de")
    row = row_of(means, "specific+random", 0, "en", "de")
    assert row["nll"] == pytest.approx(expected, rel=1e-6)
    assert row["neurons"] == 5


def test_controls_by_activity_on_one_load_of_the_model(deactivation_case, tmp_path, monkeypatch):
    write_probabilities(tmp_path / "p", L, D)
    loads = []

    def load(spec):
        loads.append(spec)
        return load_model(spec)

    monkeypatch.setattr("langneurons.interventions.bench.load_model", load)
    parameters = {**PARAMETERS, "control": "activity"}
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    found = [
        run(deactivation_case, folder, shares, parameters, probabilities_path=tmp_path / "p")[0]
        for folder, shares in ((folders[0], 1), (folders[1], 3))
    ]
    assert len(loads) == 1 + 3  # once a job
    pd.testing.assert_frame_equal(*found)
    records = pd.DataFrame(read_provenance(folders[1] / "means")["controls"])
    # 3 sets of 2 languages, less the specific ones of German, and 2 beside the specific ones.
    assert len(records) == 7
    assert (records["repeated"] == 0).all()
    assert records[["peak_probability", "down_norm"]].notna().all(axis=None)
    by_layer = run(deactivation_case, folders[2])[0]
    drawn = by_layer["control_seed"].notna()
    assert (by_layer[drawn]["nll"] != found[0][drawn]["nll"]).any()
    pd.testing.assert_frame_equal(by_layer[~drawn], found[0][~drawn])


@pytest.mark.parametrize("shares", [3, 20])
def test_shares_merge_to_the_same_tables(deactivation_case, deactivation_tables, tmp_path, shares):
    for found, expected in zip(
        run(deactivation_case, tmp_path, shares), deactivation_tables, strict=True
    ):
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


def test_a_killed_run_goes_on_where_it_stopped(
    deactivation_case, deactivation_tables, tmp_path, monkeypatch
):
    calls = interrupted(monkeypatch, after=4)
    with pytest.raises(KeyboardInterrupt):
        run(deactivation_case, tmp_path)
    assert not (tmp_path / "1-of-1.parquet").exists()
    found = run(deactivation_case, tmp_path)
    # 15 cells less 2 without neurons; the one that was cut short is measured again.
    assert len(calls) == 13 + 1
    for table, expected in zip(found, deactivation_tables, strict=True):
        pd.testing.assert_frame_equal(table, expected)
    assert not kept_cells(tmp_path / "1-of-1.parquet").exists()


CHANGES = ["parameters", "checkpoint", "neurons", "code", "placement", "sets"]


@pytest.mark.parametrize("changed", CHANGES)
def test_cells_of_another_experiment_are_not_taken(
    deactivation_case, deactivation_tables, tmp_path, monkeypatch, changed
):
    path = tmp_path / "model"
    shutil.copytree(deactivation_case["spec"].path, path)
    deactivation_case = {**deactivation_case, "spec": ModelSpec(path=str(path), device="cpu")}
    calls = interrupted(monkeypatch, after=8)
    with pytest.raises(KeyboardInterrupt):
        run(deactivation_case, tmp_path)
    parameters, changes = PARAMETERS, {}
    if changed == "parameters":
        parameters = {**PARAMETERS, "problems": 2}
    if changed == "sets":
        parameters = {**PARAMETERS, "sets": PARAMETERS["sets"][::-1]}
    if changed == "checkpoint":
        save_tiny_model(path, "mistral", seed=1, max_position_embeddings=64)
    if changed == "code":
        changes["code"] = {"deactivation.py": "0123"}
    if changed == "placement":
        changes = {"spec": ModelSpec(str(path), device="cpu:0"), "batch_size": 2}
        changes["batch_tokens"] = 50
    if changed == "neurons":
        others = {place: kind for place, kind in TYPED.items() if place != (0, 5)}
        write_neurons(tmp_path / "neurons", typed={**others, (0, 6): TYPED[0, 5]})
        changes["neurons_path"] = tmp_path / "neurons"
    run(deactivation_case, tmp_path, parameters=parameters, **changes)
    # Of the eight cells kept, only those without general neurons are still the same: none, the
    # specific ones of English and the related ones of both, each with its control: 1 + 3 · 2. Of
    # 13 cells with neurons in all.
    taken = {"placement": 8, "sets": 8, "neurons": 7}.get(changed, 0)
    assert len(calls) == 9 + 13 - taken
