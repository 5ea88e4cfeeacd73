"""How one job runs: its log, its threads, what it calls, and how it fails."""

import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from langneurons.errors import InputError


@contextmanager
def job(log: str | Path, threads: int = 1) -> Iterator[None]:
    """Run a block with stderr in ``log`` and numerical libraries limited to ``threads`` threads.

    Enter it before importing torch or numpy: both read their number of threads when they load. An
    `InputError` leaves one sentence in the log, any other exception a traceback; either ends the
    process with exit code 1.
    """
    for library in ("OMP", "MKL", "OPENBLAS", "RAYON"):
        os.environ[f"{library}_NUM_THREADS"] = str(threads)
    # Let waiting threads sleep soon: GNU OpenMP's default of spinning takes cores from other jobs
    # and, where cores are shared, from the job's own model (benchmarks/waiting_threads.py).
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    with open(log, "w", encoding="utf-8") as file:
        # At the level of the file descriptor, so that C libraries write there too.
        os.dup2(file.fileno(), sys.stderr.fileno())
        logging.basicConfig(format="%(levelname)s: %(message)s")
        logging.getLogger("langneurons").setLevel(logging.INFO)
        try:
            yield
        except InputError as error:
            print(f"error: {error}", file=sys.stderr, flush=True)
            sys.exit(1)
        except Exception:
            traceback.print_exc()
            sys.stderr.flush()
            sys.exit(1)


def entry(function: str, snakemake: Any) -> Callable[..., None]:
    """Return a callable that runs a function of the package as a rule's job.

    Parameters
    ----------
    function
        Dotted name; its module is imported inside the `job` block.
    snakemake
        The job, as Snakemake hands it to a script: its log, its threads, and the settings of its
        rule, which become arguments. Models among them (``spec`` and ``translation``) become
        specs. So do, of its resources, the sizes of batches; ``device`` and ``device_map`` say
        where the models go. These are resources because no result depends on them.

    Returns
    -------
    callable
        Takes the rule's inputs and outputs under the names of the function's parameters.
    """

    def call(**arguments: Any) -> None:
        with job(snakemake.log[0], snakemake.threads):
            module, name = function.rsplit(".", 1)
            settings = dict(snakemake.params.settings)
            asked = dict(snakemake.resources.items())
            devices = {key: asked[key] for key in ("device", "device_map") if asked.get(key)}
            for model in {"spec", "translation"} & settings.keys():
                spec = import_module("langneurons.models.spec").ModelSpec
                settings[model] = spec.from_config({**settings[model], **devices})
            batches = {key: asked[key] for key in ("batch_size", "batch_tokens") if key in asked}
            getattr(import_module(module), name)(**arguments, **settings, **batches)

    return call


def share(scatteritem: str) -> tuple[int, int]:
    """Return a scattered job's share of the work: its index, from 1, and the number of shares."""
    index, of = scatteritem.split("-of-")
    return int(index), int(of)
