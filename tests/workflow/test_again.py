"""The same experiment a second time, elsewhere, killed and split: the same data."""

import hashlib
import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from project import WHOLE_CONFIG, Project

from langneurons.activations.counts import read_counts
from langneurons.artifacts.tables import read_table
from langneurons.interventions.schemas import DEACTIVATION

DEACTIVATION_TABLE = "results/deactivation/base/sums/ternary.parquet"
STEERING_TABLE = "results/steering/base/sums/lape.parquet"


def kill(project: Project, path: str, *arguments: str) -> None:
    """Start a run and kill it, with all its processes, as soon as a file is there."""
    process = project.start(*arguments)
    deadline = time.monotonic() + 300
    while not list(project.folder.glob(path)) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert list(project.folder.glob(path)), f"the run ended without {path}"
    project.run("--unlock")


@pytest.fixture(scope="module")
def again(elsewhere) -> Project:
    """The whole project with neurons of one model, made in a run that was killed twice."""
    project = elsewhere
    project.cores = 1  # jobs of the finished project have one thread too: float32 sums are equal
    neurons = [f"results/neurons/base/sums/{method}.parquet" for method in ("ternary", "lape")]
    for stage in ("responses", "activations"):
        kill(project, f"results/logs/{stage}/base/sums/1-of-1.log", *neurons)
        assert not (project.folder / f"results/{stage}/base/sums.parquet").exists()
    project.run(*neurons)
    return project


def assert_same(first: Project, second: Project, *paths: str) -> None:
    for path in paths:
        tables = [pd.read_parquet(project.folder / path) for project in (first, second)]
        pd.testing.assert_frame_equal(*tables)


@pytest.mark.parametrize("artefact", ["responses", "tokens/base", "activations", "probabilities"])
def test_a_killed_run_resumed_gives_the_same_data(finished, again, artefact):
    assert_same(finished, again, f"results/{artefact}/base/sums.parquet")


def test_a_killed_run_resumed_gives_the_same_neurons(finished, again):
    folder = "results/neurons/base/sums"
    assert_same(finished, again, f"{folder}/ternary.parquet", f"{folder}/lape.parquet")


def test_a_killed_and_split_deactivation_keeps_its_cells_and_gives_the_same_table(finished, again):
    shares = [f"results/deactivation/base/sums/ternary.answers/{i}-of-2.parquet" for i in (1, 2)]
    cells = again.folder / "results/deactivation/base/sums/ternary.answers/cells"
    split = ("--set-scatter", "shards=2")
    kill(again, str(cells.relative_to(again.folder) / "[0-9a-f]*.parquet"), *shares, *split)
    kept = {path: path.stat().st_mtime_ns for path in cells.glob("[0-9a-f]*.parquet")}
    assert not (again.folder / DEACTIVATION_TABLE).exists()

    again.run(*shares, *split)
    assert len(list(cells.glob("[0-9a-f]*.parquet"))) > len(kept)
    # A cell that was measured again would be a new file.
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    again.run(DEACTIVATION_TABLE, *split)
    assert not cells.exists()
    problems = DEACTIVATION_TABLE.replace(".parquet", ".problems.parquet")
    assert_same(finished, again, DEACTIVATION_TABLE, problems)


def test_a_split_steering_gives_the_same_table(finished, again):
    again.run(STEERING_TABLE, "--set-scatter", "shards=2")
    problems = STEERING_TABLE.replace(".parquet", ".problems.parquet")
    assert_same(finished, again, STEERING_TABLE, problems)
    assert not list((again.folder / "results/steering").rglob("cells"))


def digests(project: Project) -> dict[str, str]:
    files = sorted((project.folder / "results/checkpoints").glob("*/model.safetensors"))
    return {path.parent.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_alignment_again_gives_the_same_weights(finished, again):
    again.run("alignment")
    assert sorted(digests(again)) == ["aligned", "aligned@2", "shuffled-seed1", "translated-seed1"]
    assert digests(again) == digests(finished)


def test_a_published_mask_is_switched_off_like_the_neurons_it_holds(finished, again):
    mask = "results/masks/base/sums/ternary.pt"
    shutil.copy(finished.folder / mask, again.folder / "published.pt")
    stage = WHOLE_CONFIG["deactivation"] | {"methods": [], "phases": False}
    stage |= {"masks": {"base": {"sums": "published.pt"}}, "control": "activity"}
    again.write_config({**WHOLE_CONFIG, "deactivation": stage})
    path = again.folder / DEACTIVATION_TABLE.replace("ternary", "mask")
    again.run(str(path.relative_to(again.folder)))
    again.write_config(WHOLE_CONFIG)
    table = read_table(path, DEACTIVATION)
    assert table["set"].unique().tolist() == ["none", "mask"]
    ternary = read_table(finished.folder / DEACTIVATION_TABLE, DEACTIVATION)

    # A mask of the release holds the selected neurons: the specific and the related.
    def nll(table, name):
        return table[(table["set"] == name) & table["control_seed"].isna()]["nll"].tolist()

    # Languages without such a neuron are null in both.
    np.testing.assert_array_equal(nll(table, "mask"), nll(ternary, "specific+related"))


def test_scattering_over_more_jobs_counts_the_same(finished, again):
    path = Path("results/activations/base/sums.parquet")
    again.run(str(path), "--set-scatter", "shards=2", "--forcerun", "count_activations")
    one, two = (read_counts(p.folder / path, ["en", "de", "sw"]) for p in (finished, again))
    assert (one.tokens == two.tokens).all()
    # Batches differ, so a pre-activation within rounding of 0 may change its sign.
    assert abs(one.active - two.active).max() <= 1


def test_a_truncated_artefact_is_named_with_the_remedy(again):
    path = again.folder / "results/activations/base/sums.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    # By time only: with another number of shards it would be counted anew.
    probabilities = "results/probabilities/base/sums.parquet"
    output = again.run(probabilities, "--rerun-triggers", "mtime", fails=True)
    messages = [line for line in output.splitlines() if line.startswith("error: ")]
    assert len(messages) == 1, output
    assert "results/activations/base/sums.parquet" in messages[0]
    assert "delete it" in messages[0]
    assert "Traceback" not in output
