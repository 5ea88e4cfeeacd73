"""Counts of active neurons: collection writes this table, and all analysis starts from it.

Counts are additive over responses, so merging shards is a sum and a bootstrap over folds a
weighted sum. Arrays have the axes language (K), fold (F), layer (L), neuron (D).
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from langneurons.artifacts.tables import (
    artefact,
    inherited_provenance,
    read_arrow,
    summed_work,
    write_table,
)
from langneurons.errors import InputError

logger = logging.getLogger(__name__)

#: Counts of active neurons over the response tokens of one language, fold and layer.
#: ``active[j]`` is the number of tokens at which neuron j was active; D entries.
ACTIVATIONS = artefact(
    "activations", "language string, fold int32, layer int32, tokens int64, active [int32]"
)


@dataclass(frozen=True)
class Counts:
    """How often each neuron was active, by language and fold; or other sums over the same tokens.

    Attributes
    ----------
    active
        Integer array (K, F, L, D): response tokens at which the neuron's activation was > 0. Of
        another statistic (`langneurons.activations.sums`) its sums, float64 where they count
        nothing: divided by ``tokens``, they play the part of activation probabilities.
    tokens
        Integer array (K, F): response tokens.
    languages
        The K languages, in the order of the first axis.
    """

    active: np.ndarray
    tokens: np.ndarray
    languages: tuple[str, ...]

    def probabilities(self, fold_weights: np.ndarray | None = None) -> np.ndarray:
        """Activation probabilities p[i, j, k] = active / tokens (METHOD 1), float32 (L, D, K).

        Parameters
        ----------
        fold_weights
            Array (F,): how often each fold counts, by default once. A bootstrap draws it.

        Raises
        ------
        InputError
            If a language has no response token.
        """
        weights = np.ones(self.tokens.shape[1]) if fold_weights is None else fold_weights
        tokens = self.tokens @ weights  # (K,)
        if (tokens == 0).any():
            silent = [name for name, n in zip(self.languages, tokens, strict=True) if n == 0]
            raise InputError(f"no response tokens were counted for {' '.join(silent)}")
        active = np.einsum("kfld,f->ldk", self.active, weights, dtype=np.float64)
        # float64 division rounded once to float32 equals the release's float32 division.
        return (active / tokens).astype(np.float32)


def read_counts(path: str | Path, languages: Sequence[str]) -> Counts:
    """Read an activations artefact into arrays, its languages in the order given.

    Raises
    ------
    InputError
        If the file is unreadable, lacks a language, or does not hold every language × fold ×
        layer exactly once with the same number of neurons.
    """
    table = read_arrow(path, ACTIVATIONS)
    folds = pc.max(table["fold"]).as_py() + 1
    return Counts(*grid(table, path, languages, "fold", folds), tuple(languages))


def grid(
    table: pa.Table, path: str | Path, languages: Sequence[str], part: str, parts: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of a table of counts as arrays.

    Parameters
    ----------
    table
        Columns language, layer, tokens and active, and an integer one, which is named ``part``.
    path
        Where it comes from.
    parts
        Number P of values of ``part``, from 0.

    Returns
    -------
    active, tokens
        Integers, (K, P, L, D) and (K, P), in the order of ``languages``.

    Raises
    ------
    InputError
        As `read_counts`, for language × ``part`` × layer.
    """
    found = pc.unique(table["language"]).to_pylist()
    missing = [language for language in languages if language not in found]
    if missing:
        raise InputError(f"{path}: no counts for {' '.join(missing)}; it has {' '.join(found)}")
    layers = pc.max(table["layer"]).as_py() + 1
    lengths = pc.unique(pc.list_value_length(table["active"])).to_pylist()
    if len(lengths) != 1 or table.num_rows != len(found) * parts * layers:
        raise InputError(
            f"{path}: expected {len(found)} languages × {parts} {part}s × {layers} layers with "
            f"equally many neurons, found {table.num_rows} rows with {lengths} neurons"
        )
    order = pa.array([found.index(language) for language in languages])
    position = pc.index_in(table["language"], value_set=pa.array(found))
    keys = [("language position", "ascending"), (part, "ascending"), ("layer", "ascending")]
    table = table.append_column("language position", position).sort_by(keys)
    position, second, layer = (table[key].to_numpy() for key, _ in keys)
    repeats = np.flatnonzero(np.diff((position * parts + second) * layers + layer) == 0)
    if len(repeats):
        row = repeats[0]
        raise InputError(
            f"{path}: expected each language, {part} and layer once, found twice: "
            f"{found[position[row]]}, {part} {second[row]}, layer {layer[row]}"
        )
    active = table["active"].combine_chunks().flatten().to_numpy()
    active = active.reshape(len(found), parts, layers, lengths[0])[order]
    tokens = table["tokens"].to_numpy().reshape(len(found), parts, layers)[order, :, 0]
    return active, tokens


def write_counts(counts: Counts, path: str | Path, provenance: dict[str, Any]) -> None:
    """Write counts as an activations artefact, rows sorted by language, fold and layer."""
    if counts.active.max(initial=0) > np.iinfo(np.int32).max:
        raise InputError(f"{path}: a neuron's count exceeds 2^31; split the data into more folds")
    fold, rows = grid_rows(counts.active, counts.tokens, counts.languages)
    write_table(pa.table({"fold": fold.astype(np.int32), **rows}), path, ACTIVATIONS, provenance)


def grid_rows(
    active: np.ndarray, tokens: np.ndarray, languages: Sequence[str]
) -> tuple[np.ndarray, dict[str, Any]]:
    """Return counts (K, P, L, D) and (K, P) as rows: which part each is of, and other columns."""
    K, P, L, D = active.shape
    language, part, layer = np.unravel_index(np.arange(K * P * L), (K, P, L))
    offsets = pa.array(np.arange(K * P * L + 1, dtype=np.int32) * D)
    values = pa.array(active.reshape(-1).astype(np.int32))
    return part, {
        "language": pa.array(np.asarray(languages, dtype=object)[language]),
        "layer": layer.astype(np.int32),
        "tokens": tokens[language, part].astype(np.int64),
        "active": pa.ListArray.from_arrays(offsets, values),
    }


def merge_counts(
    shards: Sequence[str | Path],
    output: str | Path,
    languages: Sequence[str],
) -> None:
    """Sum the counts of activation shards into one artefact.

    Raises
    ------
    InputError
        If a shard differs in shape from the first.
    """
    parts = ((path, read_counts(path, languages)) for path in shards)
    active, tokens = summed((path, counts.active, counts.tokens) for path, counts in parts)
    provenance = {**inherited_provenance(shards[0]), "shards": len(shards), **summed_work(shards)}
    write_counts(Counts(active, tokens, tuple(languages)), output, provenance)


def summed(
    shards: Iterable[tuple[str | Path, np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums of the counts, or other sums, and of the tokens of shards.

    Each shard is its path and these two.

    Raises
    ------
    InputError
        If a shard differs in shape from the first.
    """
    remaining = iter(shards)  # one at a time in memory
    first, active, tokens = next(remaining)
    active, tokens = active.astype(np.promote_types(active.dtype, np.int64)), tokens.copy()
    for path, other, of_tokens in remaining:
        if other.shape != active.shape:
            raise InputError(f"{path}: shape {other.shape}, expected {active.shape} as in {first}")
        active += other
        tokens += of_tokens
    return active, tokens


def write_probabilities(
    counts_path: str | Path, output: str | Path, languages: Sequence[str]
) -> None:
    """Write p[i, j, k]: one row per neuron, one float32 column per language.

    Published counts can give probabilities above 1: they stay as they are, the log names them, and
    the provenance has their number, ``above_one``.

    Raises
    ------
    InputError
        If a language has no response token.
    """
    counts = read_counts(counts_path, languages)
    probabilities = counts.probabilities()
    above_one = _warn_above_one(probabilities, counts_path, languages)
    facts = {"inputs": [str(counts_path)], "above_one": above_one}
    write_by_neuron(probabilities, counts, output, facts)


def write_by_neuron(
    values: np.ndarray, counts: Counts, output: str | Path, facts: dict[str, Any]
) -> None:
    """Write values (L, D, K) made of counts as a probabilities artefact, with other facts of it."""
    L, D, K = values.shape
    layer, neuron = np.divmod(np.arange(L * D, dtype=np.int32), np.int32(D))
    table = pd.DataFrame({"layer": layer, "neuron": neuron})
    table[list(counts.languages)] = values.reshape(L * D, K)
    tokens = dict(zip(counts.languages, counts.tokens.sum(axis=1).tolist(), strict=True))
    write_table(table, output, probabilities_schema(counts.languages), {"tokens": tokens, **facts})


def read_probabilities(path: str | Path, languages: Sequence[str]) -> np.ndarray:
    """Read a probabilities artefact as a float32 array (L, D, K)."""
    table = read_arrow(path, probabilities_schema(languages))
    layers = pc.max(table["layer"]).as_py() + 1
    columns = [table[language].to_numpy().reshape(layers, -1) for language in languages]
    return np.stack(columns, axis=-1)


def probabilities_schema(languages: Sequence[str]) -> pa.Schema:
    """Columns of a probabilities artefact for these languages."""
    shares = ", ".join(f"{language} float32" for language in languages)
    return artefact("probabilities", f"layer int32, neuron int32, {shares}")


def _warn_above_one(
    probabilities: np.ndarray, counts_path: str | Path, languages: Sequence[str]
) -> int:
    """Number of probabilities (L, D, K) above 1, which no single pass over the tokens gives."""
    cells = np.argwhere(probabilities > 1)
    if len(cells):
        layer, neuron, language = cells[0]
        logger.warning(
            "%s: %d of %d activation probabilities are above 1, up to %.7g, the first in layer %d, "
            "neuron %d, %s: active at more tokens than there are, as in differences between two "
            "runs that disagree; the numbers stay as they are",
            counts_path,
            len(cells),
            probabilities.size,
            probabilities.max(),
            layer,
            neuron,
            languages[language],
        )
    return len(cells)
