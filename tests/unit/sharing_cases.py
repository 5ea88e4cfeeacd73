"""Small tables of shared neurons, for tests of what is made of them."""

import pandas as pd

from langneurons.sharing.classes import CLASSES
from langneurons.sharing.schemas import CLASS_DEACTIVATION, EQUAL, SHARING, WHOLE

LANGUAGES = ["en", "de", "sw"]


def sharing(shares, layers=2, total=100):
    """`SHARING`: ``shares``, of each problem, are those of the four classes in every layer."""
    rows = [
        (f"p{i}", layer, name, round(total * share), total, 2.0 * share, share - 0.1)
        for i, problem in enumerate(shares)
        for layer in range(layers)
        for name, share in zip(CLASSES, problem, strict=True)
    ]
    return pd.DataFrame(rows, columns=SHARING.names)


def few(share, problems=12, spread=0.02):
    """`SHARING` in which so many neurons are all-shared, a bit more or less in each problem."""
    shares = [share + spread * (-1) ** i for i in range(problems)]
    return sharing([(one, 0.9 - one, 0.1, 0.0) for one in shares])


def deactivation(risen, control=0.0, problems=12, spread=0.01, seeds=2, sizes=(WHOLE, EQUAL)):
    """`CLASS_DEACTIVATION`: the NLL of each language is 3, and ``risen`` of a class more."""
    rows = []

    def add(name, size, random, seed, more):
        for k, target in enumerate(LANGUAGES):
            for i in range(problems):
                noise = spread * (-1) ** i if name else 0.0
                nll = 3 + i + more * (1 + k) / 2 + noise
                rows.append((name, size, random, seed, 7 if name else 0, target, f"p{i}", nll))

    add(None, None, False, None, 0.0)
    for size in sizes:
        for name, more in risen.items():
            own = [None] if size == WHOLE else range(seeds)
            for seed in own:
                add(name, size, False, seed, more)
            for seed in range(seeds):
                add(name, size, True, seed, control)
    table = pd.DataFrame(rows, columns=CLASS_DEACTIVATION.names)
    return table.astype({"seed": "Int32"})
