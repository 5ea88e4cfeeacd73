"""Write the comparison artefacts from the counts of two models."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.activations.counts import Counts
from langneurons.activations.sums import read_sums
from langneurons.artifacts.tables import write_table
from langneurons.comparison import changes, positions
from langneurons.comparison.ceiling import split_half_ceiling
from langneurons.comparison.scale import COMMON, OWN, SCALES, Drawn, Pair, typed_pair
from langneurons.errors import InputError
from langneurons.neurons.stability import draw_rows
from langneurons.neurons.table import read_neurons
from langneurons.neurons.types import TYPES
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
    method: str,
    parameters: Mapping[str, Any],
    scale: str,
    uncertainty: Mapping[str, Any],
    control: str | None = None,
) -> None:
    """Compare two models' neurons.

    Parameters
    ----------
    before_path, after_path
        Activations artefacts of two models of equal shape.
    phases_path
        Phases artefact of the model before alignment.
    outputs
        Paths under the keys totals, layers, sharing, phases, languages, language_draws, groups,
        overlap and transitions.
    trained
        Languages that the alignment trained on.
    names
        The models' names, before first.
    method, parameters
        How neurons are typed.
    scale
        One of `SCALES`: whose τ, λ and cut-off the model after is typed with.
    uncertainty
        ``replicates``, ``seed`` and ``design_effect`` of the bootstrap, see `Drawn`.
    control
        Which control of an alignment the model after is, if it is one.

    Raises
    ------
    InputError
        If the models differ in their number of layers or neurons.
    """
    before, after = read_sums(before_path, languages), read_sums(after_path, languages)
    _check_shapes(before, after, before_path, after_path)
    probabilities = before.probabilities(), after.probabilities()
    typed = {one: typed_pair(*probabilities, method, parameters, one) for one in SCALES}
    ways = {
        "totals": changes.in_total(),
        "layers": changes.by_layer(before.active.shape[2]),
        "sharing": changes.by_sharing(len(languages)),
        "phases": changes.by_phase(read_phases(phases_path)),
        "languages": changes.by_language(languages, pivot, trained),
        "groups": changes.by_group(languages, pivot, trained),
    }
    drawn = Drawn(before, after, **uncertainty)
    units = drawn.draws.units
    draws = _in_each_draw(drawn.typed(method, parameters, scale), ways)
    tables = {}
    for name, counted in ways.items():
        refitting = changes.difference(counted, typed[COMMON][1], typed[OWN][1])
        table = changes.change_table(counted, *typed[scale], refitting, draws[name], units)
        tables[name] = (table, counted.schema)
    in_draws = draw_rows("changes", draws["languages"])
    tables["language_draws"] = (in_draws, changes.LANGUAGE_DRAWS)
    crossings = draws["crossings"].reshape(-1, len(TYPES), len(TYPES))
    ceiling = split_half_ceiling(before, method, parameters)
    tables |= {
        "overlap": (
            positions.overlap(*typed[scale], names, crossings, units, ceiling),
            positions.OVERLAP,
        ),
        "transitions": (
            positions.transitions(*typed[scale], crossings, units),
            positions.TRANSITIONS,
        ),
    }
    provenance = {
        "inputs": [str(before_path), str(after_path)],
        "before": names[0],
        "after": names[1],
        "trained": list(trained),
        "control": control,
        "scale": scale,
        **drawn.draws.facts,
        **uncertainty,
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


def _in_each_draw(
    pairs: Iterable[Pair], ways: Mapping[str, changes.Counted]
) -> dict[str, np.ndarray]:
    """Return the change in each draw, (R, rows), and ``crossings``, the transitions, (R, 4, 4)."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in (*ways, "crossings")}
    for before, after in pairs:
        for name, counted in ways.items():
            found[name].append(changes.difference(counted, before, after))
        found["crossings"].append(positions.transition_counts(before, after))
    return {name: np.array(rows) for name, rows in found.items()}


def _check_shapes(
    before: Counts, after: Counts, before_path: str | Path, after_path: str | Path
) -> None:
    expected, found = before.active.shape[2:], after.active.shape[2:]
    if found != expected:
        raise InputError(
            f"{after_path}: {found[0]} layers × {found[1]} neurons, expected "
            f"{expected[0]} × {expected[1]} as in {before_path}: "
            "only models of one architecture can be compared neuron by neuron"
        )
