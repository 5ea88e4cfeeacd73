"""How much the distributions of each neuron's activations in two languages overlap.

The overlap is the sum over bins of the smaller of two histograms, each of which sums to 1: 1 where
the two are the same, 0 where no value occurs in both.
"""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from langneurons.activations.counts import grid
from langneurons.artifacts.tables import artefact, read_arrow, write_table
from langneurons.errors import InputError

#: Which texts: all, or those of every second fold.
TEXTS = ALL, EVEN, ODD = "all", "even", "odd"
#: Overlaps of two languages' histograms in one layer, a number for each of its D neurons; NaN where
#: a language has no tokens in a half. ``tokens`` are those of the language that has fewer.
OVERLAPS = artefact(
    "overlaps",
    "texts string, layer int32, language string, other string, tokens int64, overlap [float32]",
)


def overlaps_of(histograms: np.ndarray) -> np.ndarray:
    """Return the overlap of each pair of languages, in the order of `itertools.combinations`.

    Parameters
    ----------
    histograms
        Numbers of tokens by bin, (K, D, bins); every neuron of a language has as many.

    Returns
    -------
    numpy.ndarray
        float32, (K · (K − 1) / 2, D); NaN where a language has no tokens.
    """
    tokens = histograms[:, :1].sum(axis=-1, keepdims=True).astype(np.float32)  # (K, 1, 1)
    shares = np.divide(
        histograms, tokens, out=np.full(histograms.shape, np.nan, np.float32), where=tokens > 0
    )
    pairs = combinations(range(len(shares)), 2)
    return np.stack([np.minimum(shares[a], shares[b]).sum(axis=-1) for a, b in pairs])


def write_overlaps(
    overlaps: np.ndarray,
    tokens: np.ndarray,
    languages: Sequence[str],
    path: str | Path,
    provenance: dict[str, Any],
) -> None:
    """Write overlaps (3, L, pairs, D) of `TEXTS`, and response tokens (3, K), as `OVERLAPS`."""
    T, L, P, D = overlaps.shape
    texts, layer, pair = np.unravel_index(np.arange(T * L * P), (T, L, P))
    first, second = np.array(list(combinations(range(len(languages)), 2))).T
    names = np.asarray(languages, dtype=object)
    fewer = np.minimum(tokens[:, first], tokens[:, second])  # (3, pairs)
    offsets = pa.array(np.arange(T * L * P + 1, dtype=np.int32) * D)
    columns = {
        "texts": pa.array(np.asarray(TEXTS, dtype=object)[texts]),
        "layer": layer.astype(np.int32),
        "language": pa.array(names[first][pair]),
        "other": pa.array(names[second][pair]),
        "tokens": fewer[texts, pair].astype(np.int64),
        "overlap": pa.ListArray.from_arrays(offsets, pa.array(overlaps.reshape(-1))),
    }
    write_table(pa.table(columns), path, OVERLAPS, provenance)


def read_overlaps(path: str | Path, languages: Sequence[str], texts: str = ALL) -> np.ndarray:
    """Read the overlaps of all pairs of languages in some of `TEXTS`.

    Returns
    -------
    numpy.ndarray
        float32, (L, D, K, K): symmetric, 1 on the diagonal.

    Raises
    ------
    InputError
        If the file is unreadable, lacks a pair of languages, or does not hold every pair and layer
        exactly once with the same number of neurons.
    """
    table = read_arrow(path, OVERLAPS)
    table = table.filter(pc.equal(table["texts"], texts))
    names = pc.binary_join_element_wise(table["language"], table["other"], " and ")
    found = pc.unique(names).to_pylist()
    known = {frozenset(name.split(" and ")): name for name in found}
    pairs = list(combinations(range(len(languages)), 2))
    sought = [frozenset((languages[a], languages[b])) for a, b in pairs]
    missing = [" and ".join(sorted(pair)) for pair in sought if pair not in known]
    if missing:
        raise InputError(f"{path}: no overlap of {missing[0]}; it has {', '.join(found)}")
    parts = {
        "language": names,
        "layer": table["layer"],
        "half": pa.array(np.zeros(len(table), dtype=np.int32)),
        "tokens": table["tokens"],
        "active": table["overlap"],
    }
    values, _ = grid(pa.table(parts), path, [known[pair] for pair in sought], "half", 1)
    L, D = values.shape[2:]  # (pairs, 1, L, D)
    overlaps = np.ones((L, D, len(languages), len(languages)), dtype=np.float32)
    for (a, b), one in zip(pairs, values[:, 0], strict=True):
        overlaps[..., a, b] = overlaps[..., b, a] = one
    return overlaps
