"""The layers cut into four segments, the functional phases (METHOD 3).

The paper reads them off a plot; here, exact dynamic programming cuts the layers into contiguous
segments of least squared error in their composition: the shares of specific, related and general
among a layer's typed neurons.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import artefact, write_table
from langneurons.errors import InputError
from langneurons.neurons.table import read_neurons, read_summary
from langneurons.neurons.types import OTHER, TYPES, Neurons

#: The types whose shares make up a layer's composition.
TYPED = TYPES[:OTHER]
#: Numbers of segments whose support is compared.
SEGMENT_NUMBERS = (2, 3, 4, 5)

#: Columns of neurons by type, in tables of layers and of phases.
TYPE_COUNTS = ", ".join(f"{kind} int64" for kind in TYPED)

#: One row per layer: neurons by type.
LAYERS = artefact("layers", f"layer int32, {TYPE_COUNTS}, other int64")

#: One row per phase: its layers, and the neurons of each type in them.
SEGMENTS = artefact("segments", f"phase int32, first_layer int32, last_layer int32, {TYPE_COUNTS}")

#: One row per number of segments: is the composition best cut into 2, 3, 4 or 5?
SUPPORT = artefact(
    "support", "segments int32, first_layers [int32], squared_error float64, bic float64, best bool"
)


def layer_counts(neurons: Neurons) -> np.ndarray:
    """Count specific, related and general neurons per layer, (L, 3)."""
    return neurons.by_layer[:, : len(TYPED)]


def composition(counts: np.ndarray) -> np.ndarray:
    """Shares (L, 3) of the three types among a layer's typed neurons; 0 if it has none."""
    total = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)


def segment(shares: np.ndarray, segments: int) -> list[int]:
    """First layers of the ``segments`` contiguous segments with the least squared error.

    Parameters
    ----------
    shares
        Composition (L, 3), with L ≥ segments.
    segments
        Number of segments, each at least one layer long.
    """
    from ruptures import Dynp

    if segments == 1:
        return [0]
    search = Dynp(model="l2", min_size=1, jump=1).fit(shares)
    return [0, *search.predict(n_bkps=segments - 1)[:-1]]


def support(shares: np.ndarray, numbers: tuple[int, ...] = SEGMENT_NUMBERS) -> pd.DataFrame:
    """Squared error and BIC of the best cut into each number of segments.

    The Bayesian information criterion is ``n ln(E / n) + q ln n``: E is the squared error, n = 2 L
    free values (the three shares sum to one), q = 2 S means and S − 1 boundaries. Lower is better
    supported. Numbers larger than L are left out.
    """
    L = len(shares)
    n = 2 * L
    rows = []
    for number in [number for number in numbers if number <= L]:
        starts = segment(shares, number)
        parts = np.split(shares, starts[1:])
        error = sum(float(((part - part.mean(axis=0)) ** 2).sum()) for part in parts)
        # A perfect cut has error 0; the floor keeps its logarithm finite.
        bic = n * np.log(max(error, 1e-12) / n) + (3 * number - 1) * np.log(n)
        rows.append(
            {"segments": number, "first_layers": starts, "squared_error": error, "bic": bic}
        )
    table = pd.DataFrame(rows)
    table["best"] = table["bic"] == table["bic"].min()
    return table


def write_segments(
    neurons_path: str | Path,
    summary_path: str | Path,
    outputs: Mapping[str, str | Path],
    segments: int,
) -> None:
    """Segment one model's layers; write `SEGMENTS`, `LAYERS` and `SUPPORT`.

    Parameters
    ----------
    outputs
        Paths under the keys segments, layers and support.

    Raises
    ------
    InputError
        If the model has fewer layers than ``segments``.
    """
    summary = read_summary(summary_path)
    if summary["layers"] < segments:
        raise InputError(
            f"{neurons_path}: {summary['layers']} layers cannot be cut into {segments} segments"
        )
    neurons = read_neurons(neurons_path, list(summary["languages"]))
    counts = layer_counts(neurons)
    shares = composition(counts)
    starts = segment(shares, segments)
    table = pd.DataFrame(
        {
            "phase": range(1, segments + 1),
            "first_layer": starts,
            "last_layer": [*(start - 1 for start in starts[1:]), len(shares) - 1],
            **dict(zip(TYPED, np.add.reduceat(counts, starts, axis=0).T, strict=True)),
        }
    )
    layers = pd.DataFrame(counts, columns=list(TYPED))
    layers.insert(0, "layer", range(len(counts)))
    layers["other"] = neurons.by_layer[:, OTHER]
    facts = {"inputs": [str(neurons_path)], "segments": segments}
    write_table(layers, outputs["layers"], LAYERS, facts)
    write_table(support(shares), outputs["support"], SUPPORT, facts)
    write_table(table, outputs["segments"], SEGMENTS, facts)
