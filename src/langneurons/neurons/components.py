"""The neurons of all components, typed by how consistently they are important (METHOD 8)."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from langneurons.activations.sums import read_sums
from langneurons.artifacts.tables import (
    artefact,
    inherited_provenance,
    read_arrow,
    read_provenance,
    write_table,
)
from langneurons.errors import InputError
from langneurons.neurons.table import NEURON_COLUMNS, neurons_of, rows_of
from langneurons.neurons.types import Neurons, identify

logger = logging.getLogger(__name__)

#: As `langneurons.neurons.table.NEURONS`, for each ``component``. A neuron of q, k or v is a
#: dimension, counted through all of the layer's heads; ``head`` says in which one it is.
COMPONENT_NEURONS = artefact(
    "component_neurons", f"component string, head int32?, {NEURON_COLUMNS}"
)


def write_components(
    counts_paths: Sequence[str | Path],
    output: str | Path,
    components: Sequence[str],
    method: str,
    parameters: Mapping[str, Any],
    languages: Sequence[str],
) -> None:
    """Type the neurons of each component by itself and write a `COMPONENT_NEURONS` table.

    That no neuron is left, where ``parameters`` are strict, is a result, which the log reports.

    Parameters
    ----------
    counts_paths
        Of each component: the counts of texts in which a neuron is a hit.
    method, parameters
        See `identify`.

    Raises
    ------
    InputError
        If a file cannot be read, or a language has no text.
    """
    tables = []
    for component, path in zip(components, counts_paths, strict=True):
        shares = read_sums(path, languages).probabilities()
        neurons, selection = identify(shares, method, parameters)
        rows = rows_of(neurons, selection.score, shares, languages)
        heads = read_provenance(path).get("heads")
        head = rows["neuron"].to_numpy() // (shares.shape[1] // heads) if heads else None
        tables.append(
            rows.append_column("component", pa.array([component] * len(rows))).append_column(
                "head", pa.array(head, pa.int32()) if heads else pa.nulls(len(rows), pa.int32())
            )
        )
        if not neurons.selected.any():
            logger.warning(
                "%s: no neuron of %s is left: none is a hit in a share of at least %s of the texts "
                "of any language; the highest share is %.4g",
                path,
                component,
                parameters,
                np.max(shares),
            )
    provenance = {
        **inherited_provenance(counts_paths[0]),
        "inputs": [str(path) for path in counts_paths],
        "method": method,
        "parameters": dict(parameters),
    }
    for fact in ("component", "heads"):
        provenance.pop(fact, None)
    write_table(pa.concat_tables(tables), output, COMPONENT_NEURONS, provenance)


def read_components(
    path: str | Path, components: Sequence[str], languages: Sequence[str]
) -> dict[str, Neurons]:
    """Read the neurons of components, each as `langneurons.neurons.table.read_neurons` does.

    Raises
    ------
    InputError
        Also if the file has no neurons of a component.
    """
    table = read_arrow(path, COMPONENT_NEURONS)
    found = {}
    for component in components:
        rows = table.filter(pc.equal(table["component"], component))
        if not rows.num_rows:
            there = ", ".join(pc.unique(table["component"]).to_pylist())
            raise InputError(f"{path}: no neurons of {component}, expected some of {there}")
        found[component] = neurons_of(rows, path, languages)
    return found
