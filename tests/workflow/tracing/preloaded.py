"""Runs the scripts of many jobs in copies of one process that has loaded the large libraries.

Most of a small job's time is spent on importing torch, transformers and matplotlib. Tests of the
finished workflow only look at what its jobs made, so these start as forks of this process, which
holds nothing of the package itself. Other tests run each job as users do.
"""

import importlib
import json
import os
import signal
import socket
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
LIBRARIES = (
    "torch", "transformers.modeling_utils", "transformers.generation.utils",
    "transformers.models.auto.modeling_auto", "transformers.models.mistral.modeling_mistral",
    "safetensors.torch", "numpy", "pandas", "pyarrow.parquet", "ruptures", "yaml",
    "matplotlib.figure", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_pdf",
)  # fmt: skip


def hand_over(path: str, script: str) -> int:
    """Let the process that listens at a socket run a script; return its exit code."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        facts = {"script": script, "folder": os.getcwd(), "environment": dict(os.environ)}
        socket.send_fds(connection, [json.dumps(facts).encode() + b"\n"], [1, 2])
        answer = connection.recv(1)
    return answer[0] if answer else 1


def serve(path: str) -> None:
    """Run scripts, each in a fork of this process, until it is killed."""
    os.environ.update(dict.fromkeys(THREADS, "1"))  # read when the libraries load
    for library in LIBRARIES:
        importlib.import_module(library)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nothing is left of those that end
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{path}.new")
        listener.listen(64)
        os.rename(f"{path}.new", path)  # now it answers
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                connection.send(bytes([_run(connection)]))
                os._exit(0)
            connection.close()


def _run(connection: socket.socket) -> int:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    text, outputs, _, _ = socket.recv_fds(connection, 1 << 16, 2)
    while not text.endswith(b"\n"):
        text += connection.recv(1 << 16)
    facts: dict[str, Any] = json.loads(text)
    for number, output in zip((1, 2), outputs, strict=True):
        os.dup2(output, number)
    os.chdir(facts["folder"])
    os.environ.clear()
    os.environ.update(facts["environment"])
    script = facts["script"]
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.argv, sys.path[:0] = [script], [os.path.dirname(script), *paths]
    import tracing

    tracing.start()
    code = 0
    main = sys.modules["__main__"] = ModuleType("__main__")
    main.__file__ = script
    try:
        exec(compile(Path(script).read_bytes(), script, "exec"), main.__dict__)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    tracing.TRACE.write()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    serve(sys.argv[1])
