"""The deactivation stage through Snakemake: whole, in shares, killed, from a published mask."""

import os
import shutil
import signal
import time

import numpy as np
import pandas as pd
import pytest
from project import LANGUAGES, TINY_CONFIG, Project, tiny_project

from langneurons.artifacts.tables import read_table
from langneurons.interventions.schemas import DEACTIVATION, DEACTIVATION_PROBLEMS

TABLE = "results/deactivation/base/sums/ternary.parquet"
SETTINGS = {"problems": 2, "control_seeds": 1, "max_new_tokens": 4}
K = len(LANGUAGES)


def configure(project, **changes):
    project.write_config({**TINY_CONFIG, "deactivation": {**SETTINGS, **changes}})


@pytest.fixture(scope="module")
def deactivated(tmp_path_factory) -> Project:
    """The tiny project with one table of the stage made."""
    project = tiny_project(tmp_path_factory.mktemp("deactivated"))
    configure(project)
    project.run(TABLE)
    return project


def test_the_table_has_its_rows(deactivated):
    table = read_table(deactivated.folder / TABLE, DEACTIVATION)
    # none, and 3 sets × K languages × (set + 1 control); each on K targets of 2 problems.
    assert len(table) == (1 + 3 * K * 2) * K
    measured = table[(table["neurons"] > 0) | (table["set"] == "none")]
    assert (measured["n"] == 2).all()
    assert measured[["nll", "perplexity", "accuracy"]].notna().all(axis=None)
    assert measured["nll"].between(0.1, 20).all()
    bare = table.drop(measured.index)
    assert bare[["nll", "perplexity", "accuracy", "unfinished"]].isna().all(axis=None)
    problems = deactivated.folder / TABLE.replace(".parquet", ".problems.parquet")
    assert len(read_table(problems, DEACTIVATION_PROBLEMS)) == 2 * len(table)
    assert not (deactivated.folder / "results/deactivation/base/sums/ternary/cells").exists()


def test_a_second_run_has_nothing_to_do(deactivated):
    assert "Nothing to be done" in deactivated.run(TABLE)


def test_the_stage_has_targets(deactivated):
    planned = deactivated.planned("deactivation")
    assert planned["merge_deactivation"] == 1, "that of the other model"
    assert planned["compare_deactivation"] == 2
    assert deactivated.drawn("deactivation_dominance") == {"deactivation_dominance": 2}
    assert deactivated.drawn("figure10") == {"deactivation_change": 2}
    assert deactivated.drawn("figure2") == {"deactivation_accuracy": 2}


def test_only_some_models_are_measured(deactivated):
    configure(deactivated, models=["base"])
    jobs = deactivated.planned_jobs("deactivation")
    configure(deactivated)
    assert "merge_deactivation" not in [rule for rule, _ in jobs]
    drawn = [wildcards["name"] for rule, wildcards in jobs if rule == "draw_figure"]
    assert drawn.count("deactivation_change") == 1


def test_shares_give_the_same_table(deactivated):
    expected = pd.read_parquet(deactivated.folder / TABLE)
    deactivated.run(TABLE, "--set-scatter", "shards=2", "--forcerun", "deactivate")
    pd.testing.assert_frame_equal(pd.read_parquet(deactivated.folder / TABLE), expected)


def test_a_killed_run_goes_on_where_it_stopped(deactivated):
    expected = pd.read_parquet(deactivated.folder / TABLE)
    process = deactivated.start(TABLE, "--forcerun", "deactivate")
    cells = deactivated.folder / "results/deactivation/base/sums/ternary/cells"
    deadline = time.monotonic() + 300
    while not list(cells.glob("[0-9a-f]*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = {path: path.stat().st_mtime_ns for path in cells.glob("[0-9a-f]*.parquet")}
    assert kept, "the job that is to be killed never finished a cell"

    deactivated.run("--unlock")
    deactivated.run(TABLE)
    pd.testing.assert_frame_equal(pd.read_parquet(deactivated.folder / TABLE), expected)
    assert not cells.exists()


def test_sets_by_phase(deactivated):
    configure(deactivated, phases=True, sets=["specific+related"], accuracy=False)
    deactivated.run("deactivation_phases")
    table = read_table(deactivated.folder / TABLE, DEACTIVATION)
    whole, *parts = (
        table[(table["set"] == name) & table["control_seed"].isna() & (table["target"] == "en")]
        for name in ["specific+related", *(f"specific+related@phase {i}" for i in range(1, 5))]
    )
    # The phases part the layers, so each neuron of a set is in one of its parts.
    sizes = np.sum([part["neurons"].to_numpy() for part in parts], axis=0)
    assert whole["neurons"].tolist() == sizes.tolist()
    figures = deactivated.folder / "results/figures/deactivation_phases"
    assert {path.parent.parent.name for path in figures.glob("*/*/*.png")} == {"base", "aligned"}
    configure(deactivated)
    deactivated.run(TABLE)


def test_a_published_mask(deactivated):
    masks = deactivated.folder / "published.pt"
    deactivated.run("results/masks/base/sums/ternary.pt")
    shutil.copy(deactivated.folder / "results/masks/base/sums/ternary.pt", masks)
    configure(deactivated, methods=[], masks={"base": {"sums": "published.pt"}})
    deactivated.run("deactivation")
    table = read_table(deactivated.folder / TABLE.replace("ternary", "mask"), DEACTIVATION)
    assert table["set"].unique().tolist() == ["none", "mask"]
    ternary = read_table(deactivated.folder / TABLE, DEACTIVATION)

    # A mask of the release holds the selected neurons: the specific and the related.
    def nll(table, name):
        return table[(table["set"] == name) & table["control_seed"].isna()]["nll"].tolist()

    # Languages without such a neuron are null in both.
    np.testing.assert_array_equal(nll(table, "mask"), nll(ternary, "specific+related"))
