"""The steering stage through Snakemake: its table, its answers, its figure, its shares."""

import pandas as pd
import pytest
from matplotlib.image import imread
from project import TINY_CONFIG, Project, tiny_project

from langneurons.artifacts.tables import read_table
from langneurons.interventions.schemas import STEERING, STEERING_PROBLEMS

KINDS = ["none", "steered", "control"]
TABLE = "results/steering/base/sums/lape.parquet"
SETTINGS = {
    "methods": ["lape"], "models": ["base"], "set": "specific", "languages": ["sw", "en"],
    "raise_to": 0.9, "factor": 2, "problems": 2, "max_new_tokens": 4,
}  # fmt: skip


@pytest.fixture(scope="module")
def steered(tmp_path_factory) -> Project:
    """The tiny project with the stage made."""
    project = tiny_project(tmp_path_factory.mktemp("steered"))
    project.write_config({**TINY_CONFIG, "steering": SETTINGS})
    project.run("steering")
    return project


def test_the_table_has_its_rows(steered):
    table = read_table(steered.folder / TABLE, STEERING)
    # none, steered and control; each from Swahili to English and back.
    assert table["intervention"].tolist() == [kind for kind in KINDS for _ in range(2)]
    assert table[["source", "target"]].to_numpy().tolist() == [["sw", "en"], ["en", "sw"]] * 3
    assert (table["n"] == 2).all()
    assert (table["unfinished"] <= 2).all()
    assert table[["in_target", "in_source"]].isin([0, 0.5, 1]).all(axis=None)
    assert table["nll"].between(0.1, 20).all()
    problems = steered.folder / TABLE.replace(".parquet", ".problems.parquet")
    assert len(read_table(problems, STEERING_PROBLEMS)) == 2 * (2 + 2 + 2)


def test_there_is_a_figure_and_a_csv(steered):
    results = steered.folder / "results"
    assert imread(results / "figures/steering/base/sums/lape.png").std() > 0.01
    assert (results / "figures/steering/base/sums/lape.pdf").is_file()
    assert len(pd.read_csv(results / "tables/steering/base/sums/lape.csv")) == 6


def test_a_second_run_has_nothing_to_do(steered):
    assert "Nothing to be done" in steered.run("steering")


def test_shares_give_the_same_table(steered):
    expected = pd.read_parquet(steered.folder / TABLE)
    steered.run(TABLE, "--set-scatter", "shards=2", "--forcerun", "steer")
    pd.testing.assert_frame_equal(pd.read_parquet(steered.folder / TABLE), expected)
    assert not (steered.folder / TABLE).with_suffix("").joinpath("cells").exists()
