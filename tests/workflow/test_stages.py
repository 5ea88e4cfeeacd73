"""The stages beside the main path: alignment, deactivation, steering."""

from copy import deepcopy

import numpy as np
import pandas as pd
from matplotlib.image import imread
from project import DEMO, LANGUAGES, WHOLE_CONFIG, whole_project

from langneurons.alignment.pairs import PAIRS
from langneurons.alignment.schema import TRAINING
from langneurons.alignment.scoring import SCORES
from langneurons.artifacts.tables import read_table
from langneurons.comparison.cost import COST
from langneurons.comparison.methods import AGREEMENT
from langneurons.interventions.schemas import (
    DEACTIVATION,
    DEACTIVATION_PROBLEMS,
    DOSE_PROBLEMS,
    DOSES,
    STEERING,
    STEERING_PROBLEMS,
)
from langneurons.responses.accuracy import ACCURACY
from langneurons.responses.schemas import RESPONSES

K = len(LANGUAGES)


def test_samples_are_scored_and_paired(finished):
    results = finished.folder / "results/alignment"
    samples = read_table(results / "base/samples.parquet", RESPONSES)
    assert samples.groupby("language").size().to_dict() == {"en": 32, "de": 32}  # 8 × 4
    scores = read_table(results / "base/scores.parquet", SCORES)
    assert set(scores["language"]) == {"de"}
    assert scores["score"].notna().all()
    pairs = read_table(results / "aligned/pairs.parquet", PAIRS)
    assert set(pairs["language"]) == {"de"}
    assert (pairs["chosen_score"] > pairs["rejected_score"]).all()
    assert pairs["chosen_correct"].all()


def test_training_is_logged_and_each_checkpoint_is_a_model(finished):
    log = read_table(finished.folder / "results/alignment/aligned/training.parquet", TRAINING)
    assert log[log["split"] == "train"]["step"].tolist() == [2, 4]
    checkpoints = finished.folder / "results/checkpoints"
    weights = [checkpoints / name / "model.safetensors" for name in ("aligned", "aligned@2")]
    assert weights[0].read_bytes() != weights[1].read_bytes()


def test_checkpoints_are_measured_like_any_model(finished):
    results = finished.folder / "results"
    for model in ("base", "aligned@2", "aligned"):
        table = read_table(results / f"accuracy/{model}/sums.parquet", ACCURACY)
        assert table["n"].tolist() == [8, 8, 8]
    assert (results / "figures/layer_dynamics/aligned/sums/ternary.png").is_file()
    assert (results / "figures/alignment_training/aligned.png").is_file()
    table = pd.read_csv(results / "tables/table2/base-vs-aligned/sums/ternary.csv")
    assert set(table.loc[table["group"] == "trained", "languages"]) == {"de"}


def test_a_translation_model_that_is_none_is_refused_before_sampling(tmp_path, quickly):
    project = whole_project(tmp_path / "project")
    quickly(project)
    config = deepcopy(WHOLE_CONFIG)
    config["alignment"]["translation"]["path"] = str(DEMO / "base")
    project.write_config(config)
    output = project.run("results/alignment/base/inspection.parquet", fails=True)
    assert "rule inspect_alignment" in output
    assert "encoder" in output
    config["alignment"]["translation"]["path"] = str(DEMO / "translation")
    project.write_config(config)
    # Samples wait for that inspection.
    assert project.planned("results/alignment/base/samples.parquet")["inspect_alignment"] == 1


def test_deactivation_has_its_rows(finished):
    folder = finished.folder / "results/deactivation/base/sums"
    table = read_table(folder / "ternary.parquet", DEACTIVATION)
    # none, and a set whole and in 4 phases, × K languages × (set + 1 control); each on K targets
    # of 2 problems.
    assert len(table) == (1 + 5 * K * 2) * K
    measured = table[(table["neurons"] > 0) | (table["set"] == "none")]
    assert (measured["n"] == 2).all()
    assert measured[["nll", "perplexity", "accuracy"]].notna().all(axis=None)
    assert measured["nll"].between(0.1, 20).all()
    bare = table.drop(measured.index)
    assert len(bare)
    assert bare[["nll", "perplexity", "accuracy", "unfinished"]].isna().all(axis=None)
    assert len(read_table(folder / "ternary.problems.parquet", DEACTIVATION_PROBLEMS)) == 2 * len(
        table
    )
    assert not (folder / "ternary.answers/cells").exists()


def test_the_phases_part_the_neurons_of_a_set(finished):
    name = "specific+related"
    table = read_table(
        finished.folder / "results/deactivation/base/sums/ternary.parquet", DEACTIVATION
    )
    whole, *parts = (
        table[(table["set"] == part) & table["control_seed"].isna() & (table["target"] == "en")]
        for part in [name, *(f"{name}@phase {i}" for i in range(1, 5))]
    )
    sizes = np.sum([part["neurons"].to_numpy() for part in parts], axis=0)
    assert sizes.sum() > 0
    assert whole["neurons"].tolist() == sizes.tolist()
    figures = finished.folder / "results/figures/deactivation_phases"
    assert {path.parent.parent.name for path in figures.glob("*/*/*.png")} == {"base"}


def test_doses_are_measured_on_all_languages_and_end_where_neurons_do(finished):
    folder = finished.folder / "results/doses/base"
    problems = read_table(folder / "sums.problems.parquet", DOSE_PROBLEMS)
    cells = problems[problems["method"].notna()].groupby(
        ["method", "size", "control_seed"], dropna=False
    )
    # Two sizes of two methods, each with a control, on K targets of 2 problems.
    assert cells.size().tolist() == [2 * K] * 8
    assert problems["nll"].between(0.1, 20).all()
    doses = read_table(folder / "sums.parquet", DOSES)
    of_language = doses[doses["language"].notna()]
    assert set(of_language["language"]) == {"sw"}
    assert (of_language["neurons"] < 1000).all()
    # Only the first size is one of which a mean is told.
    assert doses.loc[doses["language"].isna(), "size"].tolist() == [2, 2]
    assert not (folder / "sums.problems/cells").exists()
    figure = finished.folder / "results/figures/dose_curves/base/sums.png"
    assert imread(figure).std() > 0.01
    assert len(pd.read_csv(finished.folder / "results/tables/dose_effects/base/sums.csv")) == 6


def test_methods_are_set_side_by_side(finished):
    results = finished.folder / "results"
    table = read_table(results / "agreement/base/sums.parquet", AGREEMENT)
    assert set(zip(table["first"], table["second"], strict=True)) >= {("ternary", "lape")}
    assert table["overlap"].dropna().between(0, 1).all()
    cost = read_table(results / "cost/base/sums.parquet", COST).set_index("method")
    assert (cost["seconds"] > 0).all()
    assert (cost["forward_tokens"] > cost["backward_tokens"]).all()
    assert cost["shared_with"].map(list).to_dict() == {"ternary": ["lape"], "lape": ["ternary"]}
    for name in ("methods_agreement", "method_profiles", "methods_overlap", "methods_cost"):
        assert imread(results / f"figures/{name}/base/sums.png").std() > 0.01


def test_steering_has_its_rows(finished):
    folder = finished.folder / "results/steering/base/sums"
    table = read_table(folder / "lape.parquet", STEERING)
    # none, steered and control; each from Swahili to English and back.
    kinds = ["none", "steered", "control"]
    assert table["intervention"].tolist() == [kind for kind in kinds for _ in range(2)]
    assert table[["source", "target"]].to_numpy().tolist() == [["sw", "en"], ["en", "sw"]] * 3
    assert (table["n"] == 2).all()
    assert (table["unfinished"] <= 2).all()
    assert table[["in_target", "in_source"]].isin([0, 0.5, 1]).all(axis=None)
    assert table["nll"].between(0, 20, inclusive="neither").all()
    assert len(read_table(folder / "lape.problems.parquet", STEERING_PROBLEMS)) == 2 * (2 + 2 + 2)


def test_steering_has_a_figure_and_a_csv(finished):
    results = finished.folder / "results"
    assert imread(results / "figures/steering/base/sums/lape.png").std() > 0.01
    assert (results / "figures/steering/base/sums/lape.pdf").is_file()
    assert len(pd.read_csv(results / "tables/steering/base/sums/lape.csv")) == 6


def test_stages_have_targets(finished):
    forced = ("--forcerun", "draw_figure", "--")
    assert finished.drawn(*forced, "deactivation_dominance") == {"deactivation_dominance": 1}
    assert finished.drawn(*forced, "figure10") == {"deactivation_change": 1}
    assert finished.drawn(*forced, "figure2") == {"deactivation_accuracy": 1}
    drawn = finished.drawn(*forced, "steering", "deactivation")
    assert set(drawn) == {
        "steering", "deactivation_accuracy", "deactivation_change", "deactivation_dominance",
        "deactivation_phases",
    }  # fmt: skip
