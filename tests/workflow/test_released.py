"""The published counts through the whole workflow: the paper's numbers, exactly."""

import pandas as pd
import pytest
import torch
import yaml
from project import Project
from shared_data import shared

from langneurons.neurons.table import read_summary
from langneurons.phases.table import read_phases

MODEL = "mistral-mathoctopus/mgsm"


@pytest.fixture(scope="module")
def released(tmp_path_factory, quickly) -> Project:
    counts = shared("released") / "activations/mgsm"
    project = Project(tmp_path_factory.mktemp("released"))
    quickly(project)
    path = project.folder / "config/released.yaml"
    config = yaml.safe_load(path.read_text())
    config["models"]["mistral-mathoctopus"]["counts"]["mgsm"] = str(counts)
    config["uncertainty"] = {"replicates": 5}  # no number of these tests depends on draws
    path.write_text(yaml.safe_dump(config))
    project.run("--configfile", "config/released.yaml")
    return project


def test_scalars_and_histograms(released):
    summary = read_summary(released.folder / f"results/neurons/{MODEL}/ternary.summary.parquet")
    assert summary["lambda"] == 0.109375
    assert summary["lambda_paper"] == pytest.approx(0.8598, abs=5e-5)
    assert summary["threshold"] == 0.5644363164901733
    assert list(summary["histogram_all"]) == [
        397496, 23235, 9802, 5617, 3693, 2680, 2126, 1982, 2002, 2322, 7797,
    ]  # fmt: skip
    selected = [1866, 617, 310, 153, 127, 59, 40, 27, 20, 0]
    assert list(summary["histogram_selected"])[1:] == selected
    assert list(summary["mask_sizes"]) == [142, 556, 523, 821, 941, 412, 676, 948, 622, 666]


def test_one_row_a_neuron(released):
    neurons = pd.read_parquet(released.folder / f"results/neurons/{MODEL}/ternary.parquet")
    assert len(neurons) == 458_752


def test_the_mask_is_the_published_one(released):
    folder = shared("released") / "activation_masks/mgsm/0.01-0.109375"
    published = torch.load(next(folder.iterdir()), weights_only=True)
    ours = torch.load(released.folder / f"results/masks/{MODEL}/ternary.pt", weights_only=True)
    assert sum(len(layer) for mask in published for layer in mask) == 6307
    assert len(ours) == len(published) == 10
    for mask, expected in zip(ours, published, strict=True):
        assert len(mask) == len(expected) == 32
        assert all(torch.equal(a, b) for a, b in zip(mask, expected, strict=True))


def test_phases_are_those_the_paper_reads_off_its_plot(released):
    phases = read_phases(released.folder / f"results/phases/{MODEL}/ternary.parquet")
    assert phases["first_layer"].tolist() == [0, 4, 20, 31]
    assert phases["last_layer"].tolist() == [3, 19, 30, 31]


def test_every_expectation_of_the_paper_holds_for_its_own_model(released):
    checks = pd.read_parquet(
        released.folder / f"results/phases/{MODEL}/ternary.expectations.parquet"
    )
    assert len(checks) == 6
    assert checks["holds"].all(), checks
