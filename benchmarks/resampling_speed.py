"""Time and memory of typing a 7B model's neurons anew in bootstrap draws of their folds.

    python benchmarks/resampling_speed.py [--draws N] [--folds N]

The counts are random, 458,752 neurons × 10 languages × 25 folds, in a file as the pipeline writes
it. With one fold, as published counts have, tokens are drawn. The stage runs in a process of its
own with ``--draws``; the time of these gives that of more.
Processor seconds: other work on the machine does not count.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

LANGUAGES = ("en", "ru", "es", "fr", "de", "zh", "ja", "bn", "th", "sw")
TOKENS = 50_000
DRAWING = {"seed": 0, "design_effect": 3}
WANTED = 200


def write_random_counts(path: Path, folds: int, layers: int, width: int) -> None:
    """Counts of neurons that have much in common in all languages, as those of a model."""
    import numpy as np

    from langneurons.activations.counts import Counts, write_counts

    random = np.random.default_rng(0)
    tokens, shape = TOKENS // folds, (len(LANGUAGES), folds, layers, width)
    common = random.beta(0.3, 2, (layers, width))
    active = np.empty(shape, dtype=np.int32)
    for of_language in active:
        p = np.minimum(common * random.lognormal(0, 0.4, (layers, width)), 1)
        for of_fold in of_language:
            of_fold[:] = random.binomial(tokens, p)
    write_counts(Counts(active, np.full(shape[:2], tokens), LANGUAGES), path, {})


def seconds(function: Callable, *arguments, **options) -> float:
    """Processor time of one call: other work on the machine does not count."""
    start = time.process_time()
    function(*arguments, **options)
    return time.process_time() - start


def resample(path: Path, number: int) -> None:
    """Run the stage as its rule does; print its seconds, and those of each further draw."""
    from langneurons.activations.counts import read_counts
    from langneurons.activations.resampled import draw_texts
    from langneurons.neurons.stability import in_draws, write_stability

    outputs = {name: path.with_name(name) for name in ("stability", "certainty", "draws")}
    whole = seconds(write_stability, path, outputs, "ternary", {}, LANGUAGES, number, **DRAWING)
    counts = read_counts(path, LANGUAGES)
    none, all_of_them = (
        seconds(in_draws, counts, draw_texts(counts, replicates=some, **DRAWING), "ternary", {})
        for some in (0, number)
    )
    print(whole, (all_of_them - none) / number)


def measured(counts: Path, draws: int) -> tuple[float, float, float]:
    """What `resample` prints in a process of its own, and the GiB that this has taken."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--counts", str(counts), "--draws", str(draws)]
    output = subprocess.run(
        command, env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ).stdout
    whole, each = map(float, output.split())
    return whole, each, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--folds", type=int, default=25)
    parser.add_argument("--layers", type=int, default=32)
    parser.add_argument("--width", type=int, default=14_336)
    parser.add_argument("--counts", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.counts:
        resample(options.counts, options.draws)
        return
    with TemporaryDirectory() as folder:
        counts = Path(folder) / "counts.parquet"
        write_random_counts(counts, options.folds, options.layers, options.width)
        whole, each, memory = measured(counts, options.draws)
    neurons = options.layers * options.width
    print(f"{neurons:,} neurons × {len(LANGUAGES)} languages × {options.folds} folds, one thread\n")
    print("| | processor seconds |\n|---|---:|")
    print(f"| the stage, {options.draws} draws | {whole:.1f} |\n| a further draw | {each:.2f} |")
    print(f"| {WANTED} draws, extrapolated | {whole + (WANTED - options.draws) * each:.0f} |")
    print(f"\nlargest memory: {memory:.1f} GiB, with any number of draws")


if __name__ == "__main__":
    main()
