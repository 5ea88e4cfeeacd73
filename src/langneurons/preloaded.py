"""Small jobs run as copies of one process that has loaded the large libraries already.

Most of the time of a job that draws a figure or writes a table goes into importing matplotlib and
pandas, and an experiment has hundreds of such jobs; one that only looks at a model takes as long to
import transformers. A run on one machine starts one process that imports them once and listens at a
socket; the script of a small job asks it for a copy of itself that runs the script. Without such a
process, or in another environment, the script does its own work: nothing depends on it but the
time.

Nothing of this package is imported beforehand, so that every job runs the code as it then is.
"""

import importlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from socketserver import ForkingMixIn, StreamRequestHandler, UnixStreamServer
from types import ModuleType

#: Of the Python environment, and the socket at which its preloaded process listens.
VARIABLE = "LANGNEURONS_PRELOADED"
#: What jobs import that only read and write tables and figures.
LIBRARIES = (
    *("numpy", "pandas", "pyarrow.parquet", "pyarrow.dataset", "scipy.stats", "yaml"),
    *("matplotlib.figure", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_pdf"),
    "snakemake.script",
)
#: What jobs import that read a model's tokenizer or structure.
MODEL_LIBRARIES = (
    *("torch", "safetensors.torch", "transformers.modeling_utils"),
    *("transformers.models.auto.modeling_auto", "transformers.models.auto.tokenization_auto"),
    *("transformers.generation.utils", "transformers.tokenization_utils_tokenizers"),
)


def limit_threads(threads: int) -> None:
    """Give numerical libraries that are yet to be imported this many threads."""
    for library in ("OMP", "MKL", "OPENBLAS", "RAYON"):
        os.environ[f"{library}_NUM_THREADS"] = str(threads)


def address(path: str | Path) -> str:
    """Return what `VARIABLE` holds where a process of this environment listens at a socket."""
    return os.pathsep.join([sys.prefix, str(path)])


def start(libraries: Sequence[str] = LIBRARIES) -> None:
    """Start such a process for the jobs of this one, unless there is one; it ends with this one.

    On Linux only: elsewhere libraries need not survive being copied.
    """
    if VARIABLE in os.environ or sys.platform != "linux":
        return
    folder = Path(tempfile.mkdtemp(prefix="langneurons-"))  # a socket's path must be short
    command = [sys.executable, "-m", "langneurons.preloaded", str(folder / "jobs"), *libraries]
    # Nobody writes to the pipe: it closes when this process ends, however it does.
    subprocess.Popen(command, stdin=subprocess.PIPE)
    os.environ[VARIABLE] = address(folder / "jobs")


def hand_over(script: str) -> int | None:
    """Let a copy of the preloaded process run a script.

    Returns
    -------
    int or None
        Its exit code; None if no such process serves this environment, so that nothing was run.
    """
    prefix, _, path = os.environ.get(VARIABLE, "").rpartition(os.pathsep)
    if prefix != sys.prefix:
        return None
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
        except OSError:  # it has not loaded all yet, or this is another machine
            return None
        facts = {"script": script, "folder": os.getcwd(), "environment": dict(os.environ)}
        connection.sendall(json.dumps(facts).encode() + b"\n")
        answer = connection.recv(1)
    if not answer:
        print("error: the process that ran this job was killed", file=sys.stderr)
    return answer[0] if answer else 1


def run_script(script: str) -> int:
    """Run a script as this process's main module and return the exit code it would end with."""
    main = sys.modules["__main__"] = ModuleType("__main__")
    main.__file__ = script
    try:
        exec(compile(Path(script).read_bytes(), script, "exec"), main.__dict__)
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


class _Copy(StreamRequestHandler):
    """What a copy of the process does: run the script that it is asked to run."""

    server: "_Server"

    def handle(self) -> None:
        facts = json.loads(self.rfile.readline())
        script, environment = facts["script"], facts["environment"]
        del environment[VARIABLE]  # the script is not handed over again
        os.chdir(facts["folder"])
        os.environ.clear()
        os.environ.update(environment)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Thread(target=self._end_with_the_job, daemon=True).start()
        # As if Python had just been started.
        tempfile.tempdir = None
        paths = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
        sys.argv, sys.path[:0] = [script], [os.path.dirname(script), *paths]
        for name in [name for name in sys.modules if name.partition(".")[0] == "langneurons"]:
            del sys.modules[name]
        code = self.server.run(script)
        sys.stdout.flush()
        sys.stderr.flush()
        self.wfile.write(bytes([code]))

    def _end_with_the_job(self) -> None:
        """Wait until the job's own process is gone; it says nothing more."""
        self.connection.recv(1)
        os._exit(1)


class _Server(ForkingMixIn, UnixStreamServer):
    """Makes a copy of this process for everyone who connects."""

    max_children = 1000  # as many as there are jobs at a time
    block_on_close = False
    request_queue_size = 64

    def __init__(self, path: str, run: Callable[[str], int]) -> None:
        super().__init__(f"{path}.new", _Copy)
        self.run = run
        os.rename(f"{path}.new", path)  # whoever finds the socket is answered

    def service_actions(self) -> None:
        """End with the process that started this one: twice a second it is looked for."""
        super().service_actions()
        _end_if_alone()


def _end_if_alone() -> None:
    """End this process if stdin has been closed."""
    if select.select([0], [], [], 0)[0]:
        raise SystemExit


def serve(path: str, libraries: Sequence[str], run: Callable[[str], int] = run_script) -> None:
    """Run scripts, each in a copy of this process, until stdin closes.

    Parameters
    ----------
    path
        The socket that is made; its folder is removed at the end.
    libraries
        What is imported first.
    run
        Runs a script in a copy and returns its exit code.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Snakemake decides what happens then
    limit_threads(1)
    try:
        for library in libraries:
            _end_if_alone()
            importlib.import_module(library)
        with _Server(path, run) as server:
            server.serve_forever()
    finally:
        shutil.rmtree(os.path.dirname(path), ignore_errors=True)


if __name__ == "__main__":
    with suppress(ImportError):  # where Snakemake's environment is not that of the jobs
        serve(sys.argv[1], sys.argv[2:])
