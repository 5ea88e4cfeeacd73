"""Responses in cells: what is kept of a job that was killed, and what is written again."""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
from small_corpus import TEMPLATE, small_corpus, write_and_read
from tiny_models import save_tiny_model

from langneurons.artifacts.cells import kept_cells
from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.models import loading
from langneurons.models.spec import ModelSpec
from langneurons.responses import writing
from langneurons.responses.collection import merge_responses
from langneurons.responses.generation import Generator
from langneurons.responses.schemas import RESPONSES

ROOT = Path(__file__).parents[2]
GENERATION = {"max_new_tokens": 4, "samples": 1, "temperature": 1.0, "seed": 1}

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("models") / "base", "llama")


@pytest.fixture
def spec(model, tmp_path):
    """A checkpoint of the test's own, which it may change."""
    shutil.copytree(model, tmp_path / "model")
    return ModelSpec(str(tmp_path / "model"), device="cpu")


@pytest.fixture(autouse=True)
def cells_of_two(monkeypatch):
    """Six responses are three cells."""
    monkeypatch.setattr(writing, "CELL", 2)


@pytest.fixture
def batches(monkeypatch):
    """Sizes of the batches that are run; "killed" holds the number of the one that is not."""
    run, new_tokens = {"sizes": [], "killed": None}, Generator._new_tokens

    def recorded(self, batch):
        run["sizes"].append(len(batch))
        if len(run["sizes"]) == run["killed"]:
            raise KeyboardInterrupt
        return new_tokens(self, batch)

    monkeypatch.setattr(Generator, "_new_tokens", recorded)
    return run


def write(folder, spec, corpus=None, size=2, generation=(), **changes):
    settings = {"generation": {**GENERATION, **dict(generation)}, "batch_size": size, **changes}
    corpus = small_corpus() if corpus is None else corpus
    return write_and_read(corpus, folder, spec=spec, code={"a.py": "0"}, **settings)


def killed(folder, spec, batches, number=2):
    """Kill a job at a batch of two; how many batches the next one runs is counted anew."""
    batches["killed"] = number
    with pytest.raises(KeyboardInterrupt):
        write(folder, spec)
    assert not (folder / "responses.parquet").exists()
    assert len(list(kept_cells(folder / "responses.parquet").glob("*.parquet"))) == number - 1
    batches.update(sizes=[], killed=None)


@pytest.fixture
def uninterrupted(spec, tmp_path):
    (tmp_path / "whole").mkdir()
    return write(tmp_path / "whole", spec)


@pytest.mark.parametrize(("size", "expected"), [(1, [1] * 4), (2, [2, 2]), (3, [3, 1]), (9, [4])])
def test_a_killed_job_goes_on_at_any_batch_size(
    spec, tmp_path, uninterrupted, batches, size, expected
):
    killed(tmp_path, spec, batches)
    found = write(tmp_path, spec, size=size)
    assert batches["sizes"] == expected  # the four responses that were not there
    pd.testing.assert_frame_equal(found, uninterrupted)


@pytest.mark.parametrize(("size", "expected"), [(1, [1] * 6), (4, [4, 2]), (5, [5, 1]), (9, [6])])
def test_batches_run_on_from_cell_to_cell(spec, tmp_path, uninterrupted, batches, size, expected):
    batches["sizes"].clear()
    pd.testing.assert_frame_equal(write(tmp_path, spec, size=size), uninterrupted)
    assert batches["sizes"] == expected


def test_rows_are_in_order_and_say_how_they_were_made(spec, tmp_path, uninterrupted, batches):
    assert uninterrupted["problem"].tolist() == ["0001", "0001", "0002", "0002", "0003", "0003"]
    assert uninterrupted["language"].tolist() == ["en", "de"] * 3
    facts = read_provenance(tmp_path / "whole/responses.parquet")
    assert facts["generation"] == GENERATION
    assert not {"batch_size", "code", "section"} & facts.keys()


CHANGES = {
    "temperature": {"generation": {"temperature": 0.5}},
    "seed": {"generation": {"seed": 2}},
    "max_new_tokens": {"generation": {"max_new_tokens": 5}},
    "code": {"code": {"a.py": "1"}},
    "template": {"template": TEMPLATE + "!"},
    "checkpoint": {},
    "question": {},
    "placement": {"section": "alignment.sampling"},
}


@pytest.mark.parametrize("changed", CHANGES)
def test_responses_of_another_experiment_are_not_taken(spec, tmp_path, batches, changed):
    killed(tmp_path, spec, batches, number=3)
    changes, corpus = {"code": {"a.py": "0"}, **CHANGES[changed]}, small_corpus()
    if changed == "checkpoint":
        weights = Path(spec.path) / "model.safetensors"
        os.utime(weights, (0, 0))
    if changed == "question":
        corpus["question"] = corpus["question"].replace({"wie viele sind es jetzt": "z" * 23})
    if changed == "placement":
        spec = ModelSpec(spec.path, device="cpu:0")
    settings = {"generation": {**GENERATION, **changes.pop("generation", {})}, "batch_size": 2}
    write_and_read(corpus, tmp_path, spec=spec, **settings, **changes)
    # Of three cells, two were kept; the changed question is in one of them.
    expected = {"placement": 1, "question": 2}.get(changed, 3)
    assert len(batches["sizes"]) == expected


def test_what_is_kept_in_full_needs_no_model(spec, tmp_path, uninterrupted, monkeypatch):
    (tmp_path / "whole/responses.parquet").unlink()
    monkeypatch.setattr(loading, "load_model", None)
    pd.testing.assert_frame_equal(write(tmp_path / "whole", spec), uninterrupted)


def test_the_model_is_loaded_once_whatever_is_missing(
    spec, tmp_path, uninterrupted, batches, monkeypatch
):
    folder = tmp_path / "whole"
    first, last = order_of_cells(folder)[::2]
    first.unlink()
    last.unlink()
    loaded, load_model = [], loading.load_model
    monkeypatch.setattr(loading, "load_model", lambda spec: loaded.append(1) or load_model(spec))
    batches["sizes"].clear()
    pd.testing.assert_frame_equal(write(folder, spec), uninterrupted)
    assert batches["sizes"] == [2, 2]
    assert len(loaded) == 1


def order_of_cells(folder):
    """The kept cells, those of the longest prompts first."""
    paths = kept_cells(folder / "responses.parquet").glob("*.parquet")
    return sorted(paths, key=lambda path: -len(read_table(path, RESPONSES)["prompt"][0]))


def test_merged_responses_keep_no_cells(spec, tmp_path, uninterrupted):
    paths = [tmp_path / f"{index}.parquet" for index in (1, 2)]
    for index, path in enumerate(paths, start=1):
        write(tmp_path, spec, output=path, share=(index, 2))
    assert kept_cells(paths[0]).is_dir()
    merge_responses(paths, tmp_path / "merged.parquet", ["en", "de"])
    assert not kept_cells(paths[0]).exists()
    found = read_table(tmp_path / "merged.parquet", RESPONSES)
    pd.testing.assert_frame_equal(found, uninterrupted)


@pytest.mark.parametrize("script", ["generate_responses", "deactivate", "steer", "align"])
def test_jobs_that_keep_what_they_finish_know_their_code(script):
    text = (ROOT / f"workflow/scripts/{script}.py").read_text()
    assert "    code=snakemake.params.code,\n" in text
