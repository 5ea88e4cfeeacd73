"""Runs Snakemake in copies of a process that has imported it: that takes longer than most plans.

A copy knows nothing of the package: it imports that of the project it runs in, like a new process.
"""

import atexit
import importlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from langneurons.preloaded import VARIABLE, serve

#: With plugins that each command looks for, and what the Snakefile and these import.
LIBRARIES = ("snakemake.cli", "snakemake_executor_plugin_slurm", "pandas", "pydantic", "yaml")


def snakemake(arguments: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Run a command in a folder and return its exit code and what it printed."""
    with (
        tempfile.TemporaryDirectory() as place,
        socket.socket(socket.AF_UNIX) as connection,
    ):
        output, request = Path(place, "output"), Path(place, "request")
        facts = {"arguments": arguments, "output": str(output), "environment": environment}
        request.write_text(json.dumps(facts))
        connection.connect(_server())
        asked = {"script": str(request), "folder": str(folder), "environment": {**environment}}
        asked["environment"].setdefault(VARIABLE, "")  # a copy takes it out
        connection.sendall(json.dumps(asked).encode() + b"\n")
        code = connection.recv(1)
        assert code, f"Snakemake was killed: {output.read_text()}"
        return code[0], output.read_text()


def start(script: Path, environment: Mapping[str, str]) -> tuple[subprocess.Popen, str]:
    """Start a process that serves copies of itself until its stdin closes, and its socket."""
    path = f"{tempfile.mkdtemp()}/copies"  # a socket's path must be short
    process = subprocess.Popen(
        [sys.executable, script, path],
        stdin=subprocess.PIPE,
        env={**os.environ, **environment},
    )
    while not Path(path).exists():
        assert process.poll() is None
        time.sleep(0.05)
    return process, path


@cache
def _server() -> str:
    """Return the socket of the process, which ends with this one."""
    process, path = start(Path(__file__), {})
    atexit.register(process.stdin.close)
    return path


def _run(request: str) -> int:
    """Run what a request asks for; in a copy of the process."""
    facts = json.loads(Path(request).read_text())
    file = os.open(facts["output"], os.O_WRONLY | os.O_CREAT)
    for descriptor in (1, 2):
        os.dup2(file, descriptor)
    os.environ.clear()
    os.environ.update(facts["environment"])
    sys.path.insert(0, "")
    sys.argv = ["snakemake", *facts["arguments"]]
    try:
        importlib.import_module("snakemake.cli").main()
    except SystemExit as error:
        return int(error.code or 0)
    return 0


if __name__ == "__main__":
    serve(sys.argv[1], LIBRARIES, _run)
