"""Roughly how long the models of a run take on this machine."""

import math
import os
import platform
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from langneurons.experiment.forecast.work import Work
from langneurons.experiment.machine import REQUESTS

# Measured with Gemma 3 270M on two cores: it counted 0.7 and scored 0.5 of what large products of
# matrices would do; a step of writing read weights at 1.5 times the speed of copying in a batch of
# one, at 0.3 to 0.5 in larger ones.
_EFFICIENCY = 0.6
_BANDWIDTH = 0.45
_STEP = 0.02  # seconds that a step of writing takes besides, even of a tiny model


def duration(
    work: Work,
    specs: Iterable[Mapping[str, Any]],
    cores: int | None,
    untimed: Sequence[str] = (),
) -> str:
    """Say how long work takes here, as far as that can be told.

    Parameters
    ----------
    specs
        Where the models are placed.
    cores
        How many cores all jobs have together; None if they run on other machines.
    untimed
        What the work leaves out.
    """
    if cores is None:
        return "how long depends on the machines that run the jobs"
    if not all(map(_on_cpu, specs)):
        return "how long depends on the GPU"
    if math.isnan(work.operations) or not work.operations:
        return "how long is not known yet"
    threads = min(cores, REQUESTS["count_activations"].threads)
    operations, moved = speed()
    operations *= _EFFICIENCY * min(1, threads / (os.cpu_count() or 1))
    seconds = work.operations / operations + work.moved / (moved * _BANDWIDTH)
    seconds += work.passes * _STEP
    notes = [f"without {' and '.join(untimed)}"] if untimed else []
    notes += ["less where responses end early"] if work.written else []
    noun = "core" if threads == 1 else "cores"
    told = f"roughly {rounded(seconds)} of model work on this machine ({threads} {noun})"
    return ", ".join([told, *notes])


def speed() -> tuple[float, float]:
    """Measure how many operations and how many bytes the processor does in a second."""
    square, source = np.ones((1024, 1024), np.float32), np.ones(1 << 24, np.float32)
    target = np.empty_like(source)
    operations = 2 * len(square) ** 3 / _fastest(lambda: square @ square)
    return operations, 2 * source.nbytes / _fastest(lambda: np.copyto(target, source))


def rounded(seconds: float) -> str:
    """Return a duration with the one digit that an estimate deserves: ``9 min``, ``20 h``."""
    units = (("days", 86_400), ("h", 3600), ("min", 60))
    unit, size = next((pair for pair in units if seconds >= 1.5 * pair[1]), ("s", 1))
    return f"{max(1.0, float(f'{seconds / size:.0e}')):,.0f} {unit}"


def _fastest(run: Callable[[], object]) -> float:
    seconds = []
    for _ in range(4):
        start = perf_counter()
        run()
        seconds.append(perf_counter() - start)
    return min(seconds)


def _on_cpu(spec: Mapping[str, Any]) -> bool:
    """Whether a model runs on the processor; which GPU torch would find is guessed by its tools."""
    device = spec.get("device", "auto")
    if spec.get("device_map") or device not in ("auto", "cpu"):
        return False
    apple = (platform.system(), platform.machine()) == ("Darwin", "arm64")
    return device == "cpu" or not (apple or any(map(shutil.which, ("nvidia-smi", "rocm-smi"))))
