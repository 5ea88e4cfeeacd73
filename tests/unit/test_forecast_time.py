"""Roughly how long a run says that its models take, and how large it finds them."""

from pathlib import Path

import numpy as np
import pytest
from experiment_cases import CONFIG, experiment
from forecast_cases import COUNT, DEACTIVATE, GENERATE, STEER, card, corpus, job, plain, tokens
from safetensors.numpy import save_file

from langneurons.experiment.forecast import duration as timing
from langneurons.experiment.forecast.duration import duration, rounded
from langneurons.experiment.forecast.overview import overview
from langneurons.experiment.forecast.weights import Weights, weights_of
from langneurons.experiment.forecast.work import Work

#: 3 million numbers in layers and 1 million in the head.
MILLIONS = Weights(3e6, 1e6)


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """An empty folder on a machine with two cores, no GPU, and round numbers for its speed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(timing.shutil, "which", lambda _: None)
    monkeypatch.setattr(timing.platform, "system", lambda: "Linux")
    monkeypatch.setattr(timing.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(timing, "speed", lambda: (1e9, 1e9))
    return tmp_path


@pytest.fixture
def sized(monkeypatch):
    monkeypatch.setattr("langneurons.experiment.forecast.jobs.weights_of", lambda *_: MILLIONS)


@pytest.mark.usefixtures("sized")
def test_operations_are_two_for_each_weight_and_token(monkeypatch):
    found = []
    monkeypatch.setattr(
        "langneurons.experiment.forecast.overview.duration",
        lambda work, *_: found.append(work) or "",
    )
    corpus()
    tokens(5, 7)
    one = plain(
        generation={"max_new_tokens": 10, "batch_size": 4},
        deactivation={"models": ["base"], "sets": ["specific"], "control_seeds": 0},
        steering={**CONFIG["steering"], "problems": 1},
    )
    for each in (COUNT, GENERATE, DEACTIVATE, STEER):
        overview(one, [each], 2)
    count, generate, deactivate, steer = found
    assert count.operations == 2 * 3e6 * 72  # no logits
    # 60 tokens with logits, 60 of prompts; 6 responses in batches of 4 and 2, 10 steps each.
    assert generate.operations == 2 * 4e6 * 60 + 2 * 3e6 * 60
    assert (generate.passes, generate.moved) == (20, 20 * 4 * 4e6)
    # 4 cells, each: 60 tokens scored, and as in generation.
    assert deactivate.operations == 4 * (2 * 4e6 * 60 + generate.operations)
    assert deactivate.passes == 4 * 20
    # 6 cells, each: a prompt and an answer of 10 tokens, both read once more and scored. And 4
    # texts of 12 tokens.
    each = 2 * 3e6 * 10 + 2 * 4e6 * 10 + 2 * 4e6 * 20
    assert steer.operations == 6 * each + 2 * 3e6 * 48
    assert steer.passes == 6 * 10


def test_the_time_is_that_of_operations_of_weights_read_and_of_steps():
    # Reading is 0.6 as fast as the processor's 10⁹ operations a second.
    reading = Work(operations=0.6e9 * 540)
    assert duration(reading, [{}], 2) == "roughly 9 min of model work on this machine (2 cores)"
    # One core of two: 18 minutes, one digit.
    assert duration(reading, [{}], 1) == "roughly 20 min of model work on this machine (1 core)"
    # 8 threads at most; no faster than the cores there are.
    assert duration(reading, [{}], 64) == "roughly 9 min of model work on this machine (8 cores)"
    # 0.45 as fast as copying 10⁹ bytes a second: 20 s. And 1,000 steps of 0.02 s.
    writing = Work(written=1, operations=1, moved=0.45e9 * 20, passes=1000)
    assert duration(writing, [{}], 2) == (
        "roughly 40 s of model work on this machine (2 cores), less where responses end early"
    )
    assert duration(reading, [{}], 2, ["scoring", "training"]).endswith(
        "(2 cores), without scoring and training"
    )


def test_no_time_is_given_where_it_cannot_be_told(monkeypatch):
    work = Work(operations=1e12)
    assert duration(work, [{}], None) == "how long depends on the machines that run the jobs"
    for spec in ({"device": "cuda:1"}, {"device": "mps"}, {"device_map": "auto"}):
        assert duration(work, [{}, spec], 2) == "how long depends on the GPU"
    assert duration(work, [{"device": "cpu"}], 2).startswith("roughly")
    monkeypatch.setattr(timing.shutil, "which", "/usr/bin/{}".format)
    assert duration(work, [{}], 2) == "how long depends on the GPU"
    assert duration(work, [{"device": "cpu"}], 2).startswith("roughly")
    assert duration(Work(texts=3), [{"device": "cpu"}], 2) == "how long is not known yet"


def test_scoring_and_training_are_not_in_the_time():
    corpus()
    jobs = [job("score_alignment"), job("align", "aligned"), GENERATE]
    models = {**CONFIG["models"], "base": {"path": "owner/base"}}
    card(parameters=4_000_000)
    assert overview(plain(models=models), jobs, 2)[-1].endswith(
        "(2 cores), without scoring and training, less where responses end early"
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (44, "40 s"), (89, "90 s"), (91, "2 min"), (560, "9 min"), (1500, "20 min"),
     (5340, "90 min"), (10_000, "3 h"), (83_000, "20 h"), (200_000, "2 days")],
)  # fmt: skip
def test_a_duration_has_one_digit_that_counts(seconds, words):
    assert rounded(seconds) == words


def test_the_machine_is_measured_at_once(monkeypatch):
    monkeypatch.undo()
    operations, moved = timing.speed()
    assert 1e8 < operations < 1e14
    assert 1e7 < moved < 1e13


# The size of models.


def known(path):
    return Path(path).is_file()


def checkpoint(folder, head=False):
    folder.mkdir()
    rows = {"embed": np.zeros((50, 4), np.float32), "norm": np.zeros(4, np.float32)}
    save_file(rows, folder / "model-1.safetensors")
    more = {"head": np.zeros((50, 4), np.float32)} if head else {}
    save_file({"up": np.zeros((8, 4), np.float32), **more}, folder / "model-2.safetensors")
    return {"path": str(folder)}


def test_the_size_of_a_local_model_is_in_its_files(machine):
    tied, untied = checkpoint(machine / "tied"), checkpoint(machine / "untied", head=True)
    one = experiment(
        models={"base": tied, "other": untied, "short": {**tied, "dtype": "bfloat16"}},
        comparisons=[], alignment=None,
    )  # fmt: skip
    assert weights_of(one, "base", known) == (8 * 4 + 4, 200)
    assert weights_of(one, "other", known) == (8 * 4 + 4, 200)
    assert np.isnan(weights_of(one, "short", known)).all()


def test_the_size_of_another_model_is_on_its_card_or_that_of_its_source():
    models = {**CONFIG["models"], "base": {"path": "owner/base"}}
    one = experiment(models=models)
    assert np.isnan(weights_of(one, "aligned", known)).all()
    card(parameters=1_500_000)
    assert weights_of(one, "base", known) == (1_400_000, 100_000)
    assert weights_of(one, "aligned", known) == (1_400_000, 100_000)


def test_the_size_of_a_gguf_file_is_in_its_header(machine):
    from tiny_gguf import gguf_source, write_tiny_gguf

    write_tiny_gguf(machine / "tiny.gguf")
    models = {"base": {"path": str(machine), "gguf": "tiny.gguf"}}
    one = experiment(models=models, comparisons=[], alignment=None)
    source = gguf_source()
    embedding = source.get_input_embeddings().weight.numel()
    rest = source.num_parameters() - embedding - source.lm_head.weight.numel()
    assert weights_of(one, "base", known) == (rest, embedding)
