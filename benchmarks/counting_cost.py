"""Cost of counting by class of token: the same forward passes with totals alone and with classes.

One random model with Llama's architecture. In turn, all texts are read without counting, counted by
language and fold alone, and counted by class of token too, as the pipeline does. Processor seconds
on a CPU (other work on the machine does not count), wall seconds on a GPU.
"""

import argparse
import time
from statistics import median

import numpy as np
import pandas as pd
import torch
from intervention_cost import VOCABULARY, random_model

from langneurons.activations import collection
from langneurons.activations.class_counts import CLASSES, PLACES
from langneurons.activations.counter import Counter
from langneurons.models.batches import Batch
from langneurons.models.mlps import find_mlps

LANGUAGES = ("en", "ru", "es", "fr", "de", "zh", "ja", "bn", "th", "sw")
FOLDS = 25


class Totals(Counter):
    """Counts no classes."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        totals, (languages, _, width) = self._shapes
        self._shapes = totals, (languages, 0, width)
        self._tokens = self._tokens[:, :0]

    def _places(self, batch: Batch) -> torch.Tensor:
        return batch.response[:, None][:, :0]


class Nothing(Totals):
    """Counts nothing."""

    def hook(self, layer: int):
        return lambda *_: None


def texts(rows: int, length: int) -> pd.DataFrame:
    """Token rows of about equal length, in all languages and folds."""
    generator = np.random.default_rng(0)
    lengths = generator.integers(length // 2, length + 1, rows)
    responses = [generator.integers(3, VOCABULARY, size) for size in lengths]
    table = pd.DataFrame({"language": np.resize(LANGUAGES, rows), "response_tokens": responses})
    names = {"problem": "p", "sample": 0, "fold": np.arange(rows) % FOLDS}
    return table.assign(prompt_tokens=[np.array([1])] * rows, **names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--hidden", type=int, default=640)
    parser.add_argument("--rows", type=int, default=40)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--batch-tokens", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = arguments.device
    clock = time.process_time if device == "cpu" else time.perf_counter

    model = random_model(arguments.layers, arguments.hidden, device)
    mlps = find_mlps(model)
    table = texts(arguments.rows, arguments.length)
    classes = np.random.default_rng(1).integers(0, len(CLASSES), VOCABULARY)
    settings = (classes, LANGUAGES, FOLDS, arguments.batch_tokens)
    times: dict[type[Counter], list[float]] = {Nothing: [], Totals: [], Counter: []}
    found = {}
    for _ in range(arguments.rounds + 1):  # the first one warms up
        for counter, own in times.items():
            collection.Counter = counter
            start = clock()
            found[counter] = collection.count_active(model, mlps, table, *settings, progress=False)
            if device != "cpu":
                torch.cuda.synchronize()
            own.append(clock() - start)
    totals, by_class = found[Counter]
    np.testing.assert_array_equal(totals.active, found[Totals][0].active)
    np.testing.assert_array_equal(
        by_class.active[:, : len(CLASSES)].sum(axis=1), totals.active.sum(axis=1)
    )
    tokens = int(totals.tokens.sum())
    shape = f"{len(mlps)} layers of {mlps[0].width} neurons, hidden size {arguments.hidden}"
    print(f"{shape}, {tokens:,} tokens, {device}, median of {arguments.rounds} rounds\n")
    print(f"| counted | seconds | against totals ({len(PLACES)} places) |\n|---|---:|---:|")
    for counter, name in {Nothing: "nothing", Totals: "totals", Counter: "by class"}.items():
        pairs = zip(times[counter][1:], times[Totals][1:], strict=True)
        ratio = median(one / other for one, other in pairs)
        print(f"| {name} | {median(times[counter][1:]):.3f} | {ratio:.3f} |")


if __name__ == "__main__":
    main()
