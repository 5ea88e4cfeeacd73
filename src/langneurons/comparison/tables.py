"""Write the comparison artefacts from the neurons artefacts of two models."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import write_table
from langneurons.comparison import changes, positions
from langneurons.errors import InputError
from langneurons.neurons.table import read_neurons
from langneurons.neurons.types import Neurons
from langneurons.phases.table import read_phases


def write_comparison(
    before_path: str | Path,
    after_path: str | Path,
    phases_path: str | Path,
    outputs: Mapping[str, str],
    languages: Sequence[str],
    pivot: str,
    trained: Sequence[str],
    names: tuple[str, str],
    control: str | None = None,
) -> None:
    """Compare two models' neurons.

    Parameters
    ----------
    before_path, after_path
        Neurons artefacts by one method, of two models of equal shape.
    phases_path
        Phases artefact of the model before alignment.
    outputs
        Paths under the keys layers, sharing, phases, languages, overlap and transitions.
    trained
        Languages that the alignment trained on.
    names
        The models' names, before first.
    control
        Which control of an alignment the model after is, if it is one.

    Raises
    ------
    InputError
        If the models differ in their number of layers or neurons.
    """
    before = read_neurons(before_path, languages)
    after = read_neurons(after_path, languages)
    _check_shapes(before, after, before_path, after_path)
    phases = read_phases(phases_path)
    tables = {
        "layers": (changes.layer_change(before, after), changes.LAYERS),
        "sharing": (changes.sharing_change(before, after), changes.SHARING),
        "phases": (changes.phase_change(before, after, phases), changes.PHASES),
        "languages": (
            changes.language_change(before, after, languages, pivot, trained),
            changes.LANGUAGES,
        ),
        "overlap": (positions.overlap(before, after, names), positions.OVERLAP),
        "transitions": (positions.transitions(before, after), positions.TRANSITIONS),
    }
    provenance = {
        "inputs": [str(before_path), str(after_path)],
        "before": names[0],
        "after": names[1],
        "trained": list(trained),
        "control": control,
    }
    for name, (table, schema) in tables.items():
        write_table(table, outputs[name], schema, provenance)


def write_dataset_overlap(
    paths: Sequence[str | Path],
    datasets: Sequence[str],
    output: str | Path,
    languages: Sequence[str],
) -> None:
    """Overlap of one model's neuron types between every ordered pair of datasets.

    Parameters
    ----------
    paths, datasets
        Neurons artefacts of the model, and the names of the data sets they come from.
    """
    neurons = {
        name: read_neurons(path, languages) for name, path in zip(datasets, paths, strict=True)
    }
    rows = [
        positions.overlap(neurons[first], neurons[second], (first, second))
        for first in neurons
        for second in neurons
        if first != second
    ]
    empty = positions.OVERLAP.empty_table().to_pandas()
    provenance = {"inputs": [str(path) for path in paths]}
    write_table(pd.concat(rows) if rows else empty, output, positions.OVERLAP, provenance)


def _check_shapes(
    before: Neurons, after: Neurons, before_path: str | Path, after_path: str | Path
) -> None:
    if before.kind.shape != after.kind.shape:
        raise InputError(
            f"{after_path}: {after.kind.shape[0]} layers × {after.kind.shape[1]} neurons, "
            f"expected {before.kind.shape[0]} × {before.kind.shape[1]} as in {before_path}: "
            "only models of one architecture can be compared neuron by neuron"
        )
