"""Loss and gradient of a batch's target tokens: block by block, and from all of its logits.

Random output embeddings and last states of the size of Gemma 3 270M's. Each way runs in a process
of its own, in turn, and its loss and gradient are compared with float64's on a few tokens. Wall
seconds of one thread, and the most memory beyond what the process had before.
"""

import argparse
import multiprocessing
import resource
import time
from statistics import median
from types import SimpleNamespace

ENTRIES, HIDDEN = 262_144, 640
CHECKED = 32  # tokens, in float64


def measured(way: str, tokens: int) -> tuple[float, float, float]:
    """Seconds and MiB of one way, and how far its gradient is from float64's, relative to it."""
    import torch
    from torch import nn
    from torch.nn.functional import cross_entropy

    from langneurons.models.head import Head

    class Bare(Head):
        """A head without a model."""

        def _verified(self, model):
            return lambda logits: logits

    torch.set_num_threads(1)
    torch.manual_seed(0)
    embeddings = nn.Linear(HIDDEN, ENTRIES, bias=False).requires_grad_(False)
    embeddings.weight.normal_(std=0.03)
    head = Bare(SimpleNamespace(get_output_embeddings=lambda: embeddings))
    states, targets = torch.randn(tokens, HIDDEN), torch.randint(ENTRIES, (tokens,))

    def gradient(states: torch.Tensor, targets: torch.Tensor, way: str) -> torch.Tensor:
        states = states.clone().requires_grad_()
        if way == "block by block":
            loss = head.total_loss(states, targets)
        else:
            logits = states @ embeddings.weight.to(states.dtype).T
            loss = cross_entropy(logits, targets, reduction="sum")
        loss.backward()
        return states.grad

    gradient(states[:1], targets[:1], way)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    gradient(states, targets, way)
    seconds = time.perf_counter() - started
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    few = states[:CHECKED], targets[:CHECKED]
    exact = gradient(few[0].double(), few[1], "all logits")
    return seconds, memory, float((gradient(*few, way) - exact).norm() / exact.norm())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=360)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ways = ("all logits", "block by block")
    found: dict[str, list[tuple[float, float, float]]] = {way: [] for way in ways}
    for _ in range(options.rounds):
        for way in ways:
            # A new process, so that memory is its own.
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                found[way].append(pool.apply(measured, (way, options.tokens)))
    print(f"{options.tokens} tokens, {ENTRIES:,} entries, median of {options.rounds} rounds")
    for way in ways:
        seconds, memory, off = (median(column) for column in zip(*found[way], strict=True))
        print(f"{way}: {seconds:.2f} s, {memory:,.0f} MiB more, gradient {off:.0e} from float64's")
    first, second = (median(row[0] for row in found[way]) for way in ways)
    print(f"ratio of the times {first / second:.2f}")


if __name__ == "__main__":
    main()
