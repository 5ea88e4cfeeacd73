"""How far methods find the same neurons of a language in one model (docs/methods.md).

What a method finds differs with the texts, too: no two methods need agree more than each does with
itself on two halves of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.activations.overlaps import EVEN, ODD
from langneurons.activations.sums import read_sums
from langneurons.artifacts.tables import artefact, read_table, write_table
from langneurons.comparison.ceiling import split_halves
from langneurons.errors import InputError
from langneurons.neurons.overlaps import neurons_by_overlap
from langneurons.neurons.table import read_neurons
from langneurons.neurons.types import Neurons
from langneurons.uncertainty.overlaps import mean_overlap, overlap_interval

#: A method on two halves of the texts, one row per half × language: its ``neurons`` of the language
#: as positions, layer · D + neuron. No rows where there are too few folds.
HALVES = artefact("halves", "half int32, language string, neurons [int64]")

#: One row per pair of methods × language: how many neurons each has of it, and how many both do.
#: A method with itself is its two halves of the texts. ``overlap`` is both / the smaller of the
#: two, null where that is empty. ``expected`` is the number that random neurons would share, as
#: many in each layer, with its central 95 % interval; ``chance`` and ``chance_jaccard`` are what
#: that mean makes of ``overlap`` and ``jaccard``. ``ceiling_…`` are the overlap of each method with
#: itself, null where it is not known. A null language is the mean over the languages of which both
#: have neurons; its numbers of neurons are sums over all.
AGREEMENT = artefact(
    "methods_agreement",
    "first string, second string, language string?, n_first int64, n_second int64, n_both int64, "
    "overlap float64?, jaccard float64?, expected float64, expected_low float64?, "
    "expected_high float64?, chance float64?, chance_jaccard float64?, ceiling_first float64?, "
    "ceiling_second float64?",
)
_SUMS = ("n_first", "n_second", "n_both", "expected")
_MEANS = ("overlap", "jaccard", "chance", "chance_jaccard", "ceiling_first", "ceiling_second")


def write_halves(
    counts_path: str | Path,
    output: str | Path,
    method: str,
    parameters: Mapping[str, Any],
    languages: Sequence[str],
) -> None:
    """Write which neurons a method finds on either half of the texts, a table of `HALVES`.

    Parameters
    ----------
    counts_path
        The statistic that the method reads, by fold.
    method, parameters
        As for `langneurons.neurons.types.identify`.
    """
    counts = read_sums(counts_path, languages)
    halves = split_halves(counts, method, parameters) or ()
    facts = {"inputs": [str(counts_path)], "method": method, "parameters": dict(parameters)}
    _write_halves(halves, output, languages, facts)


def write_halves_by_overlap(
    overlaps_path: str | Path,
    means_path: str | Path,
    output: str | Path,
    method: str,
    parameters: Mapping[str, Any],
    languages: Sequence[str],
) -> None:
    """Write which neurons a method that reads overlaps finds on either half of the texts.

    See `langneurons.neurons.overlaps.neurons_by_overlap` for the parameters and errors.
    """
    paths = (overlaps_path, means_path)
    halves = [neurons_by_overlap(*paths, parameters, languages, half)[0] for half in (EVEN, ODD)]
    facts = {"inputs": [str(path) for path in paths], "method": method}
    _write_halves(halves, output, languages, {**facts, "parameters": dict(parameters)})


def _write_halves(
    halves: Sequence[Neurons],
    output: str | Path,
    languages: Sequence[str],
    facts: Mapping[str, Any],
) -> None:
    rows = [
        {"half": half, "language": language, "neurons": np.flatnonzero(mask)}
        for half, neurons in enumerate(halves, start=1)
        for language, mask in zip(languages, _by_language(neurons), strict=True)
    ]
    table = pd.DataFrame(rows, columns=HALVES.names)
    write_table(table, output, HALVES, facts)


def _by_language(neurons: Neurons) -> np.ndarray:
    """Return the neurons of each language, boolean (K, L, D)."""
    return np.moveaxis(neurons.language_bound(), -1, 0)


def write_agreement(
    neurons_paths: Sequence[str | Path],
    halves_paths: Sequence[str | Path],
    output: str | Path,
    methods: Sequence[str],
    halved: Sequence[str],
    languages: Sequence[str],
) -> None:
    """Write how far methods agree on one model's neurons, a table of `AGREEMENT`.

    Parameters
    ----------
    neurons_paths, methods
        Neurons artefacts of the model on one data set, and the methods that they are of.
    halves_paths, halved
        Tables of `HALVES`, and the methods that they are of; others have no ceiling.

    Raises
    ------
    InputError
        If the artefacts are of models of different shapes.
    """
    found = {}
    for method, path in zip(methods, neurons_paths, strict=True):
        found[method] = _by_language(read_neurons(path, languages))
        first = found[methods[0]].shape
        if found[method].shape != first:
            L, D = found[method].shape[1:]
            raise InputError(
                f"{path}: {L} layers × {D} neurons, expected {first[1]} × {first[2]} as in "
                f"{neurons_paths[0]}"
            )
    halves = {
        method: _read_halves(path, languages, found[method].shape)
        for method, path in zip(halved, halves_paths, strict=True)
    }
    table = agreement(found, {name: both for name, both in halves.items() if len(both)}, languages)
    inputs = [str(path) for path in (*neurons_paths, *halves_paths)]
    write_table(table, output, AGREEMENT, {"inputs": inputs, "methods": list(methods)})


def agreement(
    found: Mapping[str, np.ndarray], halves: Mapping[str, np.ndarray], languages: Sequence[str]
) -> pd.DataFrame:
    """Return the table of `AGREEMENT`.

    Parameters
    ----------
    found
        Method → its neurons of each language, boolean (K, L, D).
    halves
        Method → its neurons on either half of the texts, boolean (2, K, L, D), where known.
    languages
        The K languages.
    """
    own = {name: _overlaps(*both) for name, both in halves.items()}
    unknown = np.full(len(languages), np.nan)
    ceilings = {name: own[name]["overlap"] if name in own else unknown for name in found}
    tables = []
    for first, second in combinations_with_replacement(found, 2):
        if first == second:
            if first not in own:
                continue
            columns = own[first]
        else:
            columns = _overlaps(found[first], found[second])
        ends = {"ceiling_first": ceilings[first], "ceiling_second": ceilings[second]}
        rows = pd.DataFrame({"language": list(languages), **columns, **ends})
        rows = pd.concat([rows, _mean_row(rows)], ignore_index=True)
        tables.append(rows.assign(first=first, second=second))
    return pd.concat(tables, ignore_index=True)[AGREEMENT.names]


def _overlaps(first: np.ndarray, second: np.ndarray) -> dict[str, np.ndarray]:
    """Return the columns of `AGREEMENT` about two sets (K, L, D), without ceilings, (K,) each."""
    D = first.shape[-1]
    by_layer = first.sum(axis=-1), second.sum(axis=-1)  # (K, L) each
    n_first, n_second = (one.sum(axis=-1) for one in by_layer)
    both = (first & second).sum(axis=(1, 2))
    smaller = np.minimum(n_first, n_second)
    expected = mean_overlap(by_layer[0].T, by_layer[1].T, D)
    interval = np.array(list(_intervals(*by_layer, D)), dtype=float)
    return {
        "n_first": n_first,
        "n_second": n_second,
        "n_both": both,
        "overlap": _ratio(both, smaller),
        "jaccard": _ratio(both, n_first + n_second - both),
        "expected": expected,
        "expected_low": interval[:, 0],
        "expected_high": interval[:, 1],
        "chance": _ratio(expected, smaller),
        "chance_jaccard": _ratio(expected, n_first + n_second - expected),
    }


def _intervals(first: np.ndarray, second: np.ndarray, D: int) -> Iterator[tuple[int, int]]:
    for one, other in zip(first, second, strict=True):
        yield overlap_interval(one, other, D)


def _mean_row(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over the languages of which both have neurons; one row."""
    known = rows[rows["overlap"].notna()]
    absent = {"language": None, "expected_low": np.nan, "expected_high": np.nan}
    sums, means = rows[list(_SUMS)].sum(), known[list(_MEANS)].mean()
    row = pd.DataFrame([{**absent, **sums, **means}])
    return row.astype(dict.fromkeys(_SUMS[:3], "int64"))


def _read_halves(path: str | Path, languages: Sequence[str], shape: Sequence[int]) -> np.ndarray:
    """Return the neurons of both halves, boolean (2, K, L, D); (0, K, L, D) without halves."""
    table = read_table(path, HALVES)
    masks = np.zeros((2 if len(table) else 0, shape[0], shape[1] * shape[2]), dtype=bool)
    for row in table.itertuples():
        masks[row.half - 1, list(languages).index(row.language), row.neurons] = True
    return masks.reshape(len(masks), *shape)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
