"""Snakemake's scheduler sleeps while nothing has happened."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from langneurons.experiment.machine import let_scheduler_sleep

#: A workflow that counts how often the scheduler looks for jobs while a job takes two seconds.
SNAKEFILE = """
import threading
from langneurons.experiment.machine import let_scheduler_sleep

looks = []

onstart:
    {sleep}
    jobs = workflow.scheduler._open_jobs
    acquire = jobs.acquire
    jobs.acquire = lambda: (looks.append(1), acquire())

onsuccess:
    print("looks", len(looks), flush=True)

rule all:
    input: "b"

rule a:
    output: "a"
    shell: "touch {{output}}"

rule b:
    input: "a"
    output: "b"
    shell: "sleep 4; touch {{output}}"
"""


@pytest.mark.parametrize(("local", "kept"), [(True, False), (False, True)])
def test_the_limit_of_jobs_a_second_stays_on_a_cluster_only(local, kept):
    scheduler = SimpleNamespace(job_rate_limiter=object())
    let_scheduler_sleep(SimpleNamespace(local_exec=local, scheduler=scheduler))
    assert (scheduler.job_rate_limiter is not None) == kept


def looks(folder, sleep):
    """How often the scheduler of a run looked for jobs."""
    folder.mkdir()
    (folder / "Snakefile").write_text(SNAKEFILE.format(sleep=sleep))
    command = [sys.executable, "-m", "snakemake", "--cores", "1"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return int(run.stdout.split("looks ")[1].split()[0])


def test_a_run_looks_for_jobs_only_when_one_ends(tmp_path):
    asleep = looks(tmp_path / "asleep", "let_scheduler_sleep(workflow)")
    awake = looks(tmp_path / "awake", "pass")
    assert asleep <= 4 < awake
