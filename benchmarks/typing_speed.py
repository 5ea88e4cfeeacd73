"""Typing of neurons: the package's arrays against the same definitions neuron by neuron.

    python benchmarks/typing_speed.py [--counts FOLDER]

Both do the λ search, τ, selection and types of METHOD 2 on one slice; their results must be
equal. FOLDER holds published activation counts; if it does not exist, the slice is random. With
published counts, the whole table is timed too.
"""

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from langneurons.activations.counts import read_counts
from langneurons.activations.published import import_counts
from langneurons.neurons.methods.ternary import LAMBDA_BRACKET, LAMBDA_TOLERANCE
from langneurons.neurons.types import GENERAL, OTHER, RELATED, SPECIFIC, identify

LANGUAGES = ("en", "ru", "es", "fr", "de", "zh", "ja", "bn", "th", "sw")
PUBLISHED = Path(__file__).parents[2] / "shared" / "data" / "released" / "activations" / "mgsm"
NEURONS = 2000
TOP_RATE, QUANTILE = 0.01, 0.95


def neuron_by_neuron(probabilities: list[list[float]]) -> tuple[float, float, list[int]]:
    """λ, τ and types of neurons (D, K), in plain Python loops."""
    K = len(probabilities[0])
    values = sorted(p for row in probabilities for p in row)
    threshold = values[round(QUANTILE * len(values)) - 1]
    number = round(TOP_RATE * len(probabilities))
    N = [sum(p > threshold for p in row) for row in probabilities]
    scale = sum(1 / n for n in range(1, K + 1)) / K
    parts = [(evenness(row), max(row) / scale) for row in probabilities]

    def selected(weight: float) -> list[int]:
        scores = [even - weight * peak for even, peak in parts]
        return sorted(range(len(scores)), key=lambda neuron: scores[neuron])[:number]

    low, high = LAMBDA_BRACKET
    while high - low > LAMBDA_TOLERANCE:
        middle = (low + high) / 2
        if any(N[neuron] == K for neuron in selected(middle)):
            high = middle
        else:
            low = middle
    types = [GENERAL if n == K else OTHER for n in N]
    for neuron in selected(low):
        if 0 < N[neuron] < K:
            types[neuron] = SPECIFIC if N[neuron] == 1 else RELATED
    return low, threshold, types


def evenness(row: list[float]) -> float:
    """H / ln K of one neuron."""
    K, total = len(row), sum(row)
    shares = [p / total if total else 1 / K for p in row]
    return -sum(share * math.log(share + 1e-12) for share in shares) / math.log(K)


def arrays(probabilities: np.ndarray) -> tuple[float, float, list[int]]:
    """The same for an array (1, D, K), by the package."""
    parameters = {"top_rate": TOP_RATE, "threshold_quantile": QUANTILE}
    neurons, selection = identify(probabilities, "ternary", parameters)
    weight = selection.parameters["lambda"]
    return weight, selection.threshold, neurons.kind.reshape(-1).tolist()


def published(folder: Path) -> np.ndarray:
    """Activation probabilities (L, D, K) of a folder of published counts."""
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "counts.parquet"
        import_counts(folder, LANGUAGES, path)
        return read_counts(path, LANGUAGES).probabilities()


def seconds(function: Callable, *arguments) -> float:
    """Processor time of one call: other work on the machine does not count."""
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=Path, default=PUBLISHED, help="published counts")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()

    table = published(arguments.counts) if arguments.counts.is_dir() else None
    if table is None:
        print(f"{arguments.counts} is not there: random probabilities\n")
        part = np.random.default_rng(0).beta(0.3, 2, (NEURONS, len(LANGUAGES)))
        part = part.astype(np.float32)
    else:
        # Evenly from all layers: a single layer may have no neuron active for all languages.
        part = table.reshape(-1, table.shape[-1])
        part = part[:: len(part) // NEURONS][:NEURONS]
    rows, slab = part.tolist(), np.ascontiguousarray(part)[None]
    assert neuron_by_neuron(rows) == arrays(slab), "the two implementations disagree"

    times = [
        (seconds(neuron_by_neuron, rows), seconds(arrays, slab)) for _ in range(arguments.rounds)
    ]
    loops, vectorised = (median(column) for column in zip(*times, strict=True))
    print(f"{NEURONS} neurons × {len(LANGUAGES)} languages, median of {arguments.rounds} rounds\n")
    print("| implementation | processor seconds | ratio |\n|---|---:|---:|")
    print(f"| Python, neuron by neuron | {loops:.4f} | {loops / vectorised:.0f} |")
    print(f"| arrays | {vectorised:.4f} | 1 |")
    if table is not None:
        whole = median(seconds(arrays, table) for _ in range(arguments.rounds))
        layers, width, K = table.shape
        print(f"| arrays, all {layers * width:,} neurons × {K} languages | {whole:.2f} | |")


if __name__ == "__main__":
    main()
