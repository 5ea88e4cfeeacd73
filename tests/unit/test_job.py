"""A rule's job: what becomes of its settings and its resources, and how it fails."""

import subprocess
import sys
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from langneurons import job as jobs
from langneurons.models.spec import ModelSpec


def called(monkeypatch, settings, resources):
    """The arguments that a function gets as the job of a rule with one input, ``tokens_path``."""
    found = {}
    monkeypatch.setattr(jobs, "job", lambda log, threads, label: nullcontext())
    monkeypatch.setattr(
        "langneurons.activations.collection.collect_activations",
        lambda **arguments: found.update(arguments),
    )
    snakemake = SimpleNamespace(
        rule="count_activations",
        wildcards={"model": "base"},
        log=["log"],
        threads=1,
        params=SimpleNamespace(settings=settings),
        resources=resources,
    )
    jobs.entry("langneurons.activations.collection.collect_activations", snakemake)(tokens_path="t")
    return found


def test_settings_become_arguments_and_models_specs(monkeypatch):
    settings = {"spec": {"path": "owner/base", "dtype": "bfloat16"}, "folds": 4}
    assert called(monkeypatch, settings, {"gpu": 1, "mem_mb": 1000, "tmpdir": "/tmp"}) == {
        "tokens_path": "t",
        "spec": ModelSpec("owner/base", dtype="bfloat16"),
        "folds": 4,
    }
    assert settings["spec"] == {"path": "owner/base", "dtype": "bfloat16"}


def test_resources_say_where_models_go_and_how_much_they_get_at_a_time(monkeypatch):
    settings = {"spec": {"path": "owner/base"}, "translation": {"path": "owner/nllb"}}
    resources = {"device": "cuda:1", "device_map": None, "batch_size": 3, "batch_tokens": 99}
    assert called(monkeypatch, settings, {**resources, "gpu": 1}) == {
        "tokens_path": "t",
        "spec": ModelSpec("owner/base", device="cuda:1"),
        "translation": ModelSpec("owner/nllb", device="cuda:1"),
        "batch_size": 3,
        "batch_tokens": 99,
    }
    resources = {"device": None, "device_map": "auto"}
    found = called(monkeypatch, {"spec": {"path": "owner/base"}}, resources)
    assert found == {"tokens_path": "t", "spec": ModelSpec("owner/base", device_map="auto")}


def run(folder, block):
    """The exit code of a process that runs a block as a job of three threads, and its log."""
    program = f"""
import logging, os, sys
from langneurons.errors import InputError
from langneurons.job import job
with job(sys.argv[1], threads=3):
    {block}
"""
    log = folder / "job.log"
    done = subprocess.run([sys.executable, "-c", program, log], check=False)
    return done.returncode, log.read_text()


def test_a_job_writes_its_log_and_has_its_threads(tmp_path):
    block = "logging.getLogger('langneurons.a').info(os.environ['OMP_NUM_THREADS'])"
    assert run(tmp_path, block) == (0, "INFO: 3\n")


def test_bad_input_is_one_sentence_and_a_mistake_of_ours_a_traceback(tmp_path):
    assert run(tmp_path, "raise InputError('a.csv: no rows')") == (1, "error: a.csv: no rows\n")
    code, log = run(tmp_path, "raise ValueError('no rows')")
    assert code == 1
    assert log.startswith("Traceback")
    assert log.endswith("ValueError: no rows\n")


@pytest.mark.parametrize(("item", "share"), [("1-of-1", (1, 1)), ("2-of-13", (2, 13))])
def test_a_scattered_job_knows_its_share(item, share):
    assert jobs.share(item) == share
