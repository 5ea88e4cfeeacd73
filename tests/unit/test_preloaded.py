"""Small jobs run as copies of a process with the large libraries loaded."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from langneurons import preloaded
from langneurons.experiment.machine import preload_libraries

SERVER = """
import sys
from langneurons.preloaded import serve
serve(sys.argv[1], ["fractions"])
"""


def until(true: Callable[[], bool]) -> None:
    """Wait until something is true."""
    for _ in range(200):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within ten seconds")


@pytest.fixture
def socket(monkeypatch):
    """The socket of a process that has loaded one module of the standard library."""
    path = Path(tempfile.mkdtemp()) / "jobs"
    process = subprocess.Popen([sys.executable, "-c", SERVER, path], stdin=subprocess.PIPE)
    monkeypatch.setenv(preloaded.VARIABLE, preloaded.address(path))
    until(path.exists)
    yield path
    process.stdin.close()
    process.wait()


def script(folder: Path, text: str) -> str:
    """Write a script and return where it lies."""
    path = folder / "script.py"
    path.write_text(text)
    return str(path)


def test_a_copy_runs_a_script_as_python_would(socket, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASKED_FOR", "tea")
    (tmp_path / "beside.py").write_text("name = 'beside'")
    path = script(
        tmp_path,
        "import json, os, sys\n"
        "loaded = 'fractions' in sys.modules, 'langneurons.preloaded' in sys.modules\n"
        "import beside\n"
        "facts = [__name__, __file__, sys.argv, os.getcwd(), os.environ['ASKED_FOR'], loaded]\n"
        "json.dump([*facts, beside.name], open('facts', 'w'))\n",
    )
    assert preloaded.hand_over(path) == 0
    expected = f'["__main__", "{path}", ["{path}"], "{tmp_path}", "tea", [true, false], "beside"]'
    assert (tmp_path / "facts").read_text() == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [("import sys; sys.exit(3)", 3), ("exit('no')", 1), ("1 / 0", 1), ("exit()", 0)],
)
def test_a_script_ends_with_the_code_that_it_would_end_with(socket, tmp_path, text, code):
    path = script(tmp_path, text)
    assert preloaded.hand_over(path) == code
    assert subprocess.run([sys.executable, path], stderr=subprocess.DEVNULL).returncode == code


def test_a_copy_that_is_killed_fails_its_job(socket, tmp_path, capfd):
    path = script(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert preloaded.hand_over(path) == 1
    assert "was killed" in capfd.readouterr().err
    assert preloaded.hand_over(script(tmp_path, "")) == 0  # others run on


def test_a_copy_ends_with_its_job(socket, tmp_path):
    path = script(
        tmp_path, f"import os, time; open({str(tmp_path / 'id')!r}, 'w').write(str(os.getpid()))\n"
        "time.sleep(60)"
    )  # fmt: skip
    job = f"from langneurons.preloaded import hand_over; hand_over({path!r})"
    process = subprocess.Popen([sys.executable, "-c", job])
    until(lambda: (tmp_path / "id").exists() and (tmp_path / "id").read_text())
    copy = int((tmp_path / "id").read_text())
    process.send_signal(signal.SIGKILL)
    process.wait()
    until(lambda: not Path(f"/proc/{copy}").exists() or "Z" in _state(copy))


def _state(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text().split()[2]


def test_without_such_a_process_nothing_is_handed_over(tmp_path, monkeypatch):
    path = script(tmp_path, "raise AssertionError")
    monkeypatch.delenv(preloaded.VARIABLE, raising=False)
    assert preloaded.hand_over(path) is None
    monkeypatch.setenv(preloaded.VARIABLE, preloaded.address(tmp_path / "none"))
    assert preloaded.hand_over(path) is None


def test_another_environment_is_not_served(socket, tmp_path, monkeypatch):
    monkeypatch.setenv(preloaded.VARIABLE, os.pathsep.join(["/another/env", str(socket)]))
    assert preloaded.hand_over(script(tmp_path, "raise AssertionError")) is None


def test_it_ends_with_the_run_that_started_it_and_leaves_nothing(tmp_path):
    run = (
        "import os, time; from langneurons import preloaded; preloaded.start()\n"
        "path = os.environ[preloaded.VARIABLE].rpartition(os.pathsep)[2]\n"
        "while not os.path.exists(path): time.sleep(0.05)\n"
        "print(path, flush=True); time.sleep(60)"
    )
    environment = {k: v for k, v in os.environ.items() if k != preloaded.VARIABLE}
    process = subprocess.Popen(
        [sys.executable, "-c", run], stdout=subprocess.PIPE, env=environment, text=True
    )
    path = Path(process.stdout.readline().strip())
    assert path.exists()
    process.kill()
    process.wait()
    until(lambda: not path.parent.exists())


@pytest.mark.parametrize(
    ("rules", "local", "libraries"),
    [
        (["draw_figure"] * 4, True, preloaded.LIBRARIES),
        (["draw_figure"] * 3 + ["count_activations"] * 9, True, None),
        (["draw_figure"] * 4, False, None),
        (["tokenize"] * 2 + ["draw_figure"] * 9, True, preloaded.LIBRARIES),
        (
            ["tokenize"] * 2 + ["inspect_model", "draw_figure"],
            True,
            (*preloaded.LIBRARIES, *preloaded.MODEL_LIBRARIES),
        ),
    ],
)
def test_a_run_preloads_what_its_small_jobs_import(monkeypatch, rules, local, libraries):
    started = []
    monkeypatch.setattr(preloaded, "start", started.append)
    jobs = [SimpleNamespace(rule=SimpleNamespace(name=rule)) for rule in rules]
    dag = SimpleNamespace(needrun_jobs=lambda: iter(jobs))
    preload_libraries(SimpleNamespace(dag=dag, local_exec=local, touch=False))
    assert started == ([] if libraries is None else [list(libraries)])
    preload_libraries(SimpleNamespace(dag=dag, local_exec=local, touch=True))
    assert len(started) == (libraries is not None)


#: Jobs that note whether they run in a process that has loaded a library they do not import.
SNAKEFILE = """
from langneurons.experiment.machine import preload_libraries

onstart:
    preload_libraries(workflow)

rule all:
    input: expand("{n}-{threads}", n=range(3), threads=[1, 2])

rule wait:
    output: "waited"
    shell: "while ! ls $SOCKETS/langneurons-*/jobs; do sleep 0.1; done; touch {output}"

rule note:
    input: "waited"
    output: "{n}-{threads}"
    log: "{n}-{threads}.log"
    threads: lambda wildcards: int(wildcards.threads)
    params: settings={}
    script: "note.py"
"""
NOTE = """
from langneurons.job import entry
entry("noting.note", snakemake)(output=snakemake.output[0])
"""
NOTING = """
import sys
def note(output):
    open(output, "w").write(str("matplotlib.figure" in sys.modules))
"""


def test_jobs_with_one_thread_are_copies_in_a_run_of_snakemake(tmp_path):
    for name, text in {"Snakefile": SNAKEFILE, "note.py": NOTE, "noting.py": NOTING}.items():
        (tmp_path / name).write_text(text)
    sockets = Path(tempfile.mkdtemp())  # a socket's path must be short
    environment = {k: v for k, v in os.environ.items() if k != preloaded.VARIABLE}
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment |= {"PYTHONPATH": os.pathsep.join(paths), "TMPDIR": str(sockets)}
    subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2"],
        cwd=tmp_path, env={**environment, "SOCKETS": str(sockets)}, check=True, capture_output=True,
    )  # fmt: skip
    noted = {path.name: path.read_text() for path in tmp_path.glob("?-?")}
    assert noted == {f"{n}-{threads}": str(threads == 1) for n in range(3) for threads in (1, 2)}
    until(lambda: not list(sockets.iterdir()))
    sockets.rmdir()
