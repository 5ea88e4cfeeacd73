"""Statistics of neurons that are sums over texts, in the format of counts of active neurons.

What counts (in how many texts a neuron is among the highest) is an activations artefact; what does
not (a sum of attributions) is one with real numbers. Both are read as `Counts`, whose quotients
play the part of activation probabilities.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from langneurons.activations.counts import (
    ACTIVATIONS,
    Counts,
    grid,
    grid_rows,
    summed,
    write_by_neuron,
)
from langneurons.artifacts.tables import (
    artefact,
    inherited_provenance,
    name_of_artefact,
    read_arrow,
    summed_work,
    write_table,
)
from langneurons.errors import InputError

#: As `langneurons.activations.counts.ACTIVATIONS`, but ``active`` has sums that count nothing.
SUMS = artefact(
    _NAME := "sums", "language string, fold int32, layer int32, tokens int64, active [float64]"
)


def read_sums(path: str | Path, languages: Sequence[str]) -> Counts:
    """Read a statistic, of whole numbers (`ACTIVATIONS`) or not (`SUMS`), its languages in order.

    Raises
    ------
    InputError
        As `langneurons.activations.counts.read_counts`, and if a number is NaN or infinite.
    """
    schema = SUMS if name_of_artefact(path) == _NAME else ACTIVATIONS
    table = read_arrow(path, schema)
    folds = pc.max(table["fold"]).as_py() + 1
    active, tokens = grid(table, path, languages, "fold", folds)
    if not np.isfinite(active).all():
        raise InputError(f"{path}: found NaN or infinite sums, expected finite ones")
    return Counts(active, tokens, tuple(languages))


def write_sums(sums: Counts, path: str | Path, provenance: dict[str, Any]) -> None:
    """Write sums as a `SUMS` artefact, rows sorted by language, fold and layer."""
    zeros = np.broadcast_to(np.int32(0), sums.active.shape)
    fold, rows = grid_rows(zeros, sums.tokens, sums.languages)
    # The rows of counts, with numbers that are none.
    values = pa.array(sums.active.reshape(-1).astype(np.float64))
    rows["active"] = pa.ListArray.from_arrays(rows["active"].offsets, values)
    write_table(pa.table({"fold": fold.astype(np.int32), **rows}), path, SUMS, provenance)


def merge_sums(shards: Sequence[str | Path], output: str | Path, languages: Sequence[str]) -> None:
    """Add up the sums of all shares, in their order.

    Raises
    ------
    InputError
        If a shard differs in shape from the first.
    """
    parts = ((path, read_sums(path, languages)) for path in shards)
    active, tokens = summed((path, sums.active, sums.tokens) for path, sums in parts)
    provenance = {**inherited_provenance(shards[0]), "shards": len(shards), **summed_work(shards)}
    write_sums(Counts(active, tokens, tuple(languages)), output, provenance)


def write_quotients(sums_path: str | Path, output: str | Path, languages: Sequence[str]) -> None:
    """Write what a method reads as p, sums over the number of tokens: a row for each neuron.

    The artefact has the format of activation probabilities.

    Raises
    ------
    InputError
        If a language has no response token.
    """
    sums = read_sums(sums_path, languages)
    write_by_neuron(sums.probabilities(), sums, output, {"inputs": [str(sums_path)]})
