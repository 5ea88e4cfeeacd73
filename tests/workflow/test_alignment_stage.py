"""Models aligned by the workflow: made, measured like any other, refused when they must be."""

import hashlib
from copy import deepcopy

import pandas as pd
import pytest
from project import ROOT, Project

from langneurons.alignment.pairs import PAIRS
from langneurons.alignment.schema import TRAINING
from langneurons.alignment.scoring import SCORES
from langneurons.artifacts.tables import read_table
from langneurons.responses.accuracy import ACCURACY
from langneurons.responses.schemas import RESPONSES

DEMO = ROOT / "resources/demo"
#: The demo's own models, since a random one gives no correct response, and so no pair.
CONFIG = {
    "languages": ["en", "bn", "th"],
    "datasets": {"demo": {"format": "demo", "problems": 6}},
    "prompt": "### Instruction:\n{query}\n\n### Response:\n",
    "models": {
        "base": {"path": str(DEMO / "base")},
        "aligned": {
            "align": {"from": "base", "languages": ["th"], "checkpoints": [2]},
            "responses_from": "base",
        },
    },
    "alignment": {
        "questions": {"format": "demo", "split": "training", "problems": 6, "seed": 7},
        "sampling": {"samples": 6, "temperature": 1.2, "max_new_tokens": 64, "batch_size": 36},
        "translation": {
            "path": str(DEMO / "translation"),
            "codes": {"en": "eng_Latn", "bn": "ben_Beng", "th": "tha_Thai"},
        },
        "pairs": {"dev_share": 0.2},
        "training": {
            "rank": 4,
            "alpha": 8,
            "learning_rate": 1e-3,
            "batch": 4,
            "micro_batch": 4,
            "steps": 4,
            "logging_steps": 2,
            "evaluation_steps": 2,
            "gradient_checkpointing": False,
        },
    },
    "comparisons": [{"before": "base", "after": "aligned"}],
    "generation": {"max_new_tokens": 48, "batch_size": 36},
    "collection": {"empty_responses": "drop"},
    "neurons": {"ternary": {"top_rate": 0.05, "threshold_quantile": 0.8}},
    "uncertainty": {"folds": 2, "replicates": 5},
    "figures": {"dpi": 60},
}
WANTED = ("alignment", "accuracy", "table1", "table2", "table5", "alignment_training", "figure17")


@pytest.fixture(scope="module")
def aligned(tmp_path_factory) -> Project:
    project = Project(tmp_path_factory.mktemp("aligned"))
    project.write_config(CONFIG)
    project.run(*WANTED)
    return project


def digests(project):
    folder = project.folder / "results/checkpoints"
    files = sorted(folder.glob("*/model.safetensors"))
    return {path.parent.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_samples_are_scored_and_paired(aligned):
    results = aligned.folder / "results/alignment"
    samples = read_table(results / "base/samples.parquet", RESPONSES)
    assert samples.groupby("language").size().to_dict() == {"en": 36, "th": 36}  # 6 × 6
    scores = read_table(results / "base/scores.parquet", SCORES)
    assert set(scores["language"]) == {"th"}
    assert scores["score"].notna().all()
    pairs = read_table(results / "aligned/pairs.parquet", PAIRS)
    assert set(pairs["language"]) == {"th"}
    assert (pairs["chosen_score"] > pairs["rejected_score"]).all()


def test_training_is_logged_and_each_checkpoint_is_a_model(aligned):
    log = read_table(aligned.folder / "results/alignment/aligned/training.parquet", TRAINING)
    assert log[log["split"] == "train"]["step"].tolist() == [2, 4]
    weights = digests(aligned)
    assert sorted(weights) == ["aligned", "aligned@2"]
    assert weights["aligned"] != weights["aligned@2"]


def test_checkpoints_are_measured_like_any_model(aligned):
    results = aligned.folder / "results"
    for model in ("base", "aligned@2", "aligned"):
        table = read_table(results / f"accuracy/{model}/demo.parquet", ACCURACY)
        assert table["n"].tolist() == [6, 6, 6]
    assert (results / "figures/layer_dynamics/aligned/demo/ternary.png").is_file()
    table = pd.read_csv(results / "tables/table2/base-vs-aligned/demo/ternary.csv")
    assert set(table.loc[table["group"] == "trained", "languages"]) == {"th"}


def test_the_same_alignment_again_gives_the_same_weights(aligned):
    before = digests(aligned)
    training = aligned.folder / "results/alignment/aligned/training.parquet"
    trained = training.stat().st_mtime_ns
    aligned.run("alignment", "--forcerun", "sample_responses", "score_alignment", "align")
    assert training.stat().st_mtime_ns > trained, "it was trained again"
    assert digests(aligned) == before


def test_another_beta_reruns_training_but_no_sampling(aligned):
    config = deepcopy(CONFIG)
    config["alignment"]["training"]["beta"] = 0.2
    aligned.write_config(config)
    planned = aligned.planned("alignment")
    aligned.write_config(CONFIG)
    assert "align" in planned
    assert "merge_adapter" in planned
    assert "sample_responses" not in planned
    assert "preference_pairs" not in planned


def test_a_translation_model_that_is_none_is_refused_before_sampling(tmp_path):
    project = Project(tmp_path / "project")
    config = deepcopy(CONFIG)
    config["alignment"]["translation"]["path"] = str(DEMO / "base")
    project.write_config(config)
    output = project.run("alignment", fails=True)
    assert "rule inspect_alignment" in output
    assert "encoder" in output
    assert not (project.folder / "results/alignment/base/samples").exists()
