"""What a job says on the console, the stderr it was started with, while stderr goes to its log."""

import os
import socket
import subprocess
import sys
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from langneurons import job as jobs

#: Five steps without pauses, with a line after each.
LOOP = """
import logging, sys
from langneurons.artifacts import progress
from langneurons.job import CONSOLE, job, tell
progress.FIRST_LINE = progress.NEXT_LINE = 0
with job(sys.argv[1], label="steer base"):
    logger = logging.getLogger("langneurons.a")
    logger.info("asks %d questions", 5, extra=CONSOLE)
    logger.info("not for the console")
    with progress.Progress(5, "cell") as bar:
        for _ in range(5):
            bar.update()
"""
TOLD = ["asks 5 questions", *(f"{n} of 5 cells ({20 * n} %)" for n in range(1, 6))]


def run(folder, program=LOOP, **keys):
    """The exit code and the stderr of a process that runs a program as a job, and its log."""
    log = folder / "job.log"
    command = [sys.executable, "-c", program, log]
    done = subprocess.run(command, check=False, **{"stderr": subprocess.PIPE, **keys})
    return done.returncode, (done.stderr or b"").decode(), log.read_text()


def test_progress_is_on_the_console_and_the_bar_in_the_log(tmp_path):
    code, console, log = run(tmp_path)
    assert code == 0
    lines = console.splitlines()
    assert len(lines) == len(TOLD)
    for line, told in zip(lines, TOLD, strict=True):
        assert line.startswith(f"[steer base] {told}")
    assert not {"\r", "\x1b"} & set(console)
    assert log.startswith("INFO: asks 5 questions\nINFO: not for the console\n")
    assert "100%|" in log
    assert "of 5 cells" not in log


def test_each_line_is_a_single_write(tmp_path):
    """So that lines of jobs that share a console do not mix: a datagram is what one write gave."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        assert run(tmp_path, stderr=theirs)[0] == 0
        theirs.close()
        ours.settimeout(10)
        written = [ours.recv(4096).decode() for _ in TOLD]
    for text, told in zip(written, TOLD, strict=True):
        assert text.startswith(f"[steer base] {told}")
        assert text.index("\n") == len(text) - 1


def test_a_console_that_nobody_reads_any_more_fails_no_job(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer) as pipe:
        code, _, log = run(tmp_path, stderr=pipe)
    assert code == 0
    assert "100%|" in log


@pytest.mark.parametrize("error", ["", "raise SystemError('at the end')"])
def test_a_console_that_is_closed_fails_no_job(tmp_path, error):
    log = tmp_path / "job.log"
    job = [sys.executable, "-c", f"{LOOP}    {error}\n", log]
    command = ["/bin/sh", "-c", 'exec "$@" 2>&-', "sh", *job]
    assert subprocess.run(command, check=False).returncode == (1 if error else 0)
    text = log.read_text()
    assert "100%|" in text
    assert "INFO: asks 5 questions" in text
    assert ("SystemError: at the end" in text) == bool(error)


def test_processes_that_a_job_starts_do_not_inherit_its_console(tmp_path):
    program = """
import subprocess, sys
from langneurons.job import job
child = "import os; print([n for n in range(3, 99) if os.path.exists(f'/dev/fd/{n}')])"
with job(sys.argv[1]):
    subprocess.run([sys.executable, "-c", child], close_fds=False, stdout=2, check=True)
"""
    assert run(tmp_path, program) == (0, "", "[]\n")


def test_outside_a_job_nothing_is_told(capfd):
    jobs.tell("3 of 4 cells")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("wildcards", "label"),
    [
        ({}, "steer"),
        ({"model": "base", "dataset": "sums"}, "steer base sums"),
        ({"model": "base", "scatteritem": "1-of-1", "method": "lape"}, "steer base lape"),
        ({"model": "base", "scatteritem": "2-of-4"}, "steer base 2-of-4"),
    ],
)
def test_a_job_is_called_by_its_rule_and_wildcards(monkeypatch, wildcards, label):
    labels = []

    def job(log, threads, label):
        labels.append(label)
        return nullcontext()

    monkeypatch.setattr(jobs, "job", job)
    snakemake = SimpleNamespace(
        rule="steer", wildcards=wildcards, log=["log"], threads=1,
        params=SimpleNamespace(settings={"obj": [1]}), resources={},
    )  # fmt: skip
    jobs.entry("json.dumps", snakemake)()
    assert labels == [label]
