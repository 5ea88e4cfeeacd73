"""Small jobs run as copies of a process with the large libraries loaded."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from langneurons import preloaded

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
    monkeypatch.setenv(preloaded.VARIABLE, os.pathsep.join([sys.prefix, str(path)]))
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
    monkeypatch.setenv(preloaded.VARIABLE, os.pathsep.join([sys.prefix, str(tmp_path / "none")]))
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
