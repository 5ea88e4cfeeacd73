"""How one job runs: its log, its console, its threads, what it calls, and how it fails."""

import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from langneurons import preloaded
from langneurons.errors import InputError

#: As ``extra`` of a message in the log: whoever watches the pipeline reads it on the console too.
CONSOLE = {"console": True}

# Resources that become arguments.
_UNTRACKED = ("batch_size", "batch_tokens", "folds", "histogram_memory")
_STDERR = 2  # not of sys.stderr, which is None if it is closed


@contextmanager
def job(log: str | Path, threads: int = 1, label: str = "") -> Iterator[None]:
    """Run a block with stderr in ``log`` and numerical libraries limited to ``threads`` threads.

    Enter it before importing torch or numpy: both read their number of threads when they load. An
    `InputError` leaves one sentence in the log, any other exception a traceback; either ends the
    process with exit code 1.

    The stderr that the process had before is the console: it gets what `tell` is given and the
    messages of the package that are marked as `CONSOLE`, a line each, after ``[label]``.
    """
    preloaded.limit_threads(threads)
    # Let waiting threads sleep soon: GNU OpenMP's default of spinning takes cores from other jobs
    # and, where cores are shared, from the job's own model (benchmarks/waiting_threads.py).
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    console = _Console(label)  # first: the log would take the number of a stderr that is closed
    with open(log, "w", encoding="utf-8") as file:
        # At the level of the file descriptor, so that C libraries write there too.
        os.dup2(file.fileno(), _STDERR)
        sys.stderr = sys.stderr or file
        logging.basicConfig(format="%(levelname)s: %(message)s")
        logging.getLogger("langneurons").setLevel(logging.INFO)
        logging.getLogger("langneurons").addHandler(console)
        try:
            yield
        except InputError as error:
            print(f"error: {error}", file=sys.stderr, flush=True)
            sys.exit(1)
        except Exception:
            traceback.print_exc()
            sys.stderr.flush()
            sys.exit(1)


def tell(text: str) -> None:
    """Write a line to the console of the job that runs, if one does."""
    for handler in logging.getLogger("langneurons").handlers:
        if isinstance(handler, _Console):
            handler.tell(text)


class _Console(logging.Handler):
    """The stderr that a process was started with, for whole lines; nobody need read them."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self._start = f"[{label}] " if label else ""
        self._descriptor = -1
        with suppress(OSError):  # stderr is closed
            self._descriptor = os.dup(_STDERR)  # processes that the job starts do not inherit it

    def emit(self, record: logging.LogRecord) -> None:
        if hasattr(record, "console"):
            self.tell(record.getMessage())

    def tell(self, text: str) -> None:
        line = f"{self._start}{text}\n".encode(errors="replace")
        # A single write, so that lines of jobs that run side by side do not mix.
        with suppress(OSError):
            os.write(self._descriptor, line)


def entry(function: str, snakemake: Any) -> Callable[..., None]:
    """Return a callable that runs a function of the package as a rule's job.

    Parameters
    ----------
    function
        Dotted name; its module is imported inside the `job` block.
    snakemake
        The job, as Snakemake hands it to a script: its rule and wildcards, which name it on the
        console, its log, its threads, and the settings of its rule, which become arguments. Models
        among them (``spec`` and ``translation``) become specs. So do, of its resources, the sizes
        of batches and the folds that a corpus must have problems for; ``device`` and ``device_map``
        say where the models go. These are resources because no result depends on them.

    Returns
    -------
    callable
        Takes the rule's inputs and outputs under the names of the function's parameters. A small
        job's call lets the preloaded process do its work, if there is one.
    """

    def call(**arguments: Any) -> None:
        # A job that runs a model stays in this process, whose memory Snakemake measures, and so
        # does one of several threads, whose number libraries read when they load.
        if snakemake.threads == 1 and not snakemake.resources.get("gpu"):
            code = preloaded.hand_over(sys.argv[0])
            if code is not None:
                sys.exit(code)
        with job(snakemake.log[0], snakemake.threads, _label(snakemake)):
            module, name = function.rsplit(".", 1)
            settings = dict(snakemake.params.settings)
            asked = dict(snakemake.resources.items())
            devices = {key: asked[key] for key in ("device", "device_map") if asked.get(key)}
            for model in {"spec", "translation"} & settings.keys():
                spec = import_module("langneurons.models.spec").ModelSpec
                settings[model] = spec.from_config({**settings[model], **devices})
            untracked = {key: asked[key] for key in _UNTRACKED if key in asked}
            getattr(import_module(module), name)(**arguments, **settings, **untracked)

    return call


def share(scatteritem: str) -> tuple[int, int]:
    """Return a scattered job's share of the work: its index, from 1, and the number of shares."""
    index, of = scatteritem.split("-of-")
    return int(index), int(of)


def _label(snakemake: Any) -> str:
    """Return what a job is called on the console: ``count_activations base sums 2-of-4``."""
    named = [
        value
        for name, value in snakemake.wildcards.items()
        if name != "scatteritem" or share(value)[1] > 1
    ]
    return " ".join([snakemake.rule, *named])
