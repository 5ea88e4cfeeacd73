"""The cost of threads that spin while waiting: the demo model answers alone, and beside neighbours.

Each measurement is its own process, because OpenMP reads its settings only once. The neighbours are
processes that compute without pause, one per thread. Wall seconds: neighbours are the point.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

BASE = Path(__file__).parents[1] / "resources/demo/base"
PROMPT = "### Instruction:\n{query}\n\n### Response:\n"
NEIGHBOUR = "while True: pass"
SPINS = "10000"  # as in langneurons.job


def answering_seconds(problems: int, threads: int) -> float:
    """Seconds that the demo's model takes to answer problems in two languages."""
    import torch

    from langneurons.corpora.generated import generate
    from langneurons.models.spec import ModelSpec
    from langneurons.responses.collection import generate_responses

    torch.set_num_threads(threads)
    languages = ["en", "th"]
    corpus = generate(languages, "evaluation", problems, 0)
    settings = {"max_new_tokens": 24, "batch_size": 2 * problems}
    started = time.perf_counter()
    generate_responses(ModelSpec(str(BASE)), corpus, PROMPT, settings, languages, progress=False)
    return time.perf_counter() - started


def measured(spins: str | None, neighbours: int, threads: int, problems: int) -> float:
    """The same in a process whose threads spin ``spins`` times before sleeping, with neighbours."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    environment.pop("GOMP_SPINCOUNT", None)
    if spins is not None:
        environment["GOMP_SPINCOUNT"] = spins
    busy = [subprocess.Popen([sys.executable, "-c", NEIGHBOUR]) for _ in range(neighbours)]
    try:
        arguments = ["--one", "--threads", str(threads), "--problems", str(problems)]
        command = [sys.executable, __file__, *arguments]
        output = subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True
        ).stdout
    finally:
        for process in busy:
            process.kill()
    return float(output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--problems", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(answering_seconds(options.problems, options.threads))
        return
    print(f"{options.threads} threads, {options.problems} problems, median of {options.rounds}")
    for neighbours in (0, options.threads):
        seconds = {
            spins: median(
                measured(spins, neighbours, options.threads, options.problems)
                for _ in range(options.rounds)
            )
            for spins in (None, SPINS)
        }
        ratio = seconds[None] / seconds[SPINS]
        print(
            f"{neighbours} busy neighbours: by default {seconds[None]:.2f} s, "
            f"at most {SPINS} spins {seconds[SPINS]:.2f} s, ratio {ratio:.2f}"
        )


if __name__ == "__main__":
    main()
