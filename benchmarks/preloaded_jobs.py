"""Small jobs as processes of their own, and as copies of a process that has loaded the libraries.

Each job is a script that imports what a figure's, or a tokenizing, job imports and does nothing
else. Wall seconds from its start to its end, as Snakemake waits for it; the script starts Python in
both cases, and in the second asks the preloaded process for a copy.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from langneurons import preloaded

IMPORTS = {
    "figure": "import langneurons.figures.frame",
    "tokenizing": "import langneurons.responses.tokens, langneurons.models.loading",
}
HAND_OVER = (
    "import sys; from langneurons.preloaded import hand_over; sys.exit(hand_over(sys.argv[1]))"
)


def seconds(*command: str) -> float:
    """Seconds that a command takes."""
    started = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    os.environ.pop(preloaded.VARIABLE, None)
    started = time.perf_counter()
    preloaded.start([*preloaded.LIBRARIES, *preloaded.MODEL_LIBRARIES])
    socket = Path(os.environ[preloaded.VARIABLE].rpartition(os.pathsep)[2])
    while not socket.exists():
        time.sleep(0.01)
    print(f"the process starts in {time.perf_counter() - started:.1f} s, median of {rounds} rounds")
    with tempfile.TemporaryDirectory() as folder:
        for kind, imports in IMPORTS.items():
            script = Path(folder, f"{kind}.py")
            script.write_text(imports)
            alone, copied = [], []
            for _ in range(rounds):
                alone.append(seconds(sys.executable, str(script)))
                copied.append(seconds(sys.executable, "-c", HAND_OVER, str(script)))
            own, copy = median(alone), median(copied)
            print(f"{kind}: {own:.2f} s alone, {copy:.2f} s as a copy, ratio {own / copy:.1f}")


if __name__ == "__main__":
    main()
