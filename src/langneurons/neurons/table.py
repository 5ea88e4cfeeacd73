"""The neurons artefact and its one-row summary: schemas, writing, reading."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from langneurons.activations.counts import read_probabilities
from langneurons.artifacts.tables import artefact, read_arrow, read_table, write_table
from langneurons.errors import InputError
from langneurons.neurons.methods.selection import Selection
from langneurons.neurons.types import TYPES, Neurons, identify

logger = logging.getLogger(__name__)

#: One row per neuron, sorted by layer and neuron. ``languages`` are those with p > τ.
NEURON_COLUMNS = (
    "layer int32, neuron int32, score float64?, n_languages int32, selected bool, type string, "
    "languages [string], max_probability float32"
)
NEURONS = artefact("neurons", NEURON_COLUMNS)

#: One row: the scalars that define a selection, and its totals; ``threshold`` is null where the
#: method has none. The histograms have K + 1 entries, neurons by N = 0..K; ``mask_sizes`` counts
#: each language's selected neurons.
SUMMARY = artefact(
    "summary",
    "method string, languages [string], layers int32, neurons_per_layer int32, top_rate float64?, "
    "threshold_quantile float64?, consistency float64?, threshold float64?, lambda float64?, "
    "lambda_paper float64?, lambda_holds bool?, lambda_unbounded bool?, "
    f"{', '.join(f'{kind} int64' for kind in TYPES)}, "
    "histogram_all [int64], histogram_selected [int64], mask_sizes [int64]",
    version=3,
)


def write_neurons(
    probabilities_path: str | Path,
    output: str | Path,
    summary: str | Path,
    method: str,
    parameters: Mapping[str, Any],
    languages: Sequence[str],
) -> None:
    """Type the neurons of a probabilities artefact; write `NEURONS` and `SUMMARY` tables."""
    probabilities = read_probabilities(probabilities_path, languages)
    neurons, selection = identify(probabilities, method, parameters)
    if selection.parameters.get("lambda_unbounded"):
        logger.warning(
            "%s: no bound up to λ = %.10g: no selected neuron is active for all languages even "
            "when they are ranked by their highest probability alone, as they are here",
            probabilities_path,
            selection.parameters["lambda"],
        )
    provenance = {
        "inputs": [str(probabilities_path)],
        "method": method,
        "parameters": dict(parameters),
    }
    write_selection(
        neurons, selection, probabilities, (output, summary), method, languages, provenance
    )


def write_selection(
    neurons: Neurons,
    selection: Selection,
    values: np.ndarray,
    outputs: tuple[str | Path, str | Path],
    method: str,
    languages: Sequence[str],
    provenance: Mapping[str, Any],
) -> None:
    """Write typed neurons as `NEURONS` and `SUMMARY` tables.

    Parameters
    ----------
    values
        What the method reads of each neuron and language, (L, D, K): the table has the largest.
    outputs
        The paths of the two tables.
    """
    table = rows_of(neurons, selection.score, values, languages)
    write_table(_summary(neurons, selection, method, languages), outputs[1], SUMMARY, provenance)
    write_table(table, outputs[0], NEURONS, provenance)


def read_neurons(path: str | Path, languages: Sequence[str]) -> Neurons:
    """Read a neurons artefact back into arrays, with the K axis in the order of ``languages``.

    Raises
    ------
    InputError
        If the file is unreadable or has neurons of a language not in ``languages``.
    """
    return neurons_of(read_arrow(path, NEURONS), path, languages)


def neurons_of(table: pa.Table, path: str | Path, languages: Sequence[str]) -> Neurons:
    """Arrange the rows of all neurons, sorted by layer and neuron; see `read_neurons`."""
    L = table["layer"][-1].as_py() + 1
    kind = pc.index_in(table["type"], value_set=pa.array(TYPES)).to_numpy().astype(np.int8)
    lists = table["languages"].combine_chunks()
    row = np.repeat(np.arange(len(lists)), np.diff(lists.offsets.to_numpy()))
    names = lists.flatten()
    position = pc.index_in(names, value_set=pa.array(list(languages), pa.string()))
    if position.null_count:
        unknown = pc.unique(names.filter(position.is_null())).to_pylist()
        raise InputError(
            f"{path}: has neurons of {' '.join(unknown)}, expected those of {' '.join(languages)}"
        )
    active = np.zeros((table.num_rows, len(languages)), dtype=bool)
    active[row, position.to_numpy()] = True
    return Neurons(
        kind=kind.reshape(L, -1),
        active=active.reshape(L, -1, len(languages)),
        selected=table["selected"].to_numpy().reshape(L, -1),
    )


def read_summary(path: str | Path) -> pd.Series:
    """Read a summary artefact's only row."""
    return read_table(path, SUMMARY).iloc[0]


def rows_of(
    neurons: Neurons, score: np.ndarray, probabilities: np.ndarray, languages: Sequence[str]
) -> pa.Table:
    """Return a row for each neuron, with the columns of `NEURONS`."""
    L, D, K = neurons.active.shape
    layer, neuron = np.divmod(np.arange(L * D, dtype=np.int32), np.int32(D))
    N = neurons.n_languages.reshape(-1)
    # Built from offsets and values, the list column needs no Python object per neuron.
    _, language = np.nonzero(neurons.active.reshape(-1, K))
    offsets = np.concatenate([[0], np.cumsum(N)]).astype(np.int32)
    names = pa.array(np.asarray(languages, dtype=object)[language], pa.string())
    kinds = pa.DictionaryArray.from_arrays(neurons.kind.reshape(-1), list(TYPES))
    return pa.table(
        {
            "layer": layer,
            "neuron": neuron,
            "score": pa.array(score.reshape(-1), from_pandas=True),
            "n_languages": N.astype(np.int32),
            "selected": neurons.selected.reshape(-1),
            "type": kinds.cast(pa.string()),
            "languages": pa.ListArray.from_arrays(offsets, names),
            "max_probability": probabilities.max(axis=-1).reshape(-1),
        }
    )


def _summary(
    neurons: Neurons, selection: Selection, method: str, languages: Sequence[str]
) -> pd.DataFrame:
    L, D, K = neurons.active.shape
    N = neurons.n_languages
    absent = {field.name: None for field in SUMMARY if field.nullable}
    row = {
        **absent,
        "method": method,
        "languages": list(languages),
        "layers": L,
        "neurons_per_layer": D,
        "threshold": selection.threshold,
        **selection.parameters,
        **{kind: int((neurons.kind == i).sum()) for i, kind in enumerate(TYPES)},
        "histogram_all": np.bincount(N.reshape(-1), minlength=K + 1),
        "histogram_selected": np.bincount(N[neurons.selected], minlength=K + 1),
        "mask_sizes": neurons.masks().sum(axis=(0, 1)),
    }
    return pd.DataFrame([row])
