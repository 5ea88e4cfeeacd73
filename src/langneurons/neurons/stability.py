"""How sure each neuron's type is, and each number of one model (METHOD 10).

The texts are drawn anew, folds of problems or else tokens, and in every draw all neurons are typed
anew.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.activations.counts import Counts
from langneurons.activations.resampled import Draws, draw_texts, resampled_probabilities
from langneurons.activations.sums import read_sums
from langneurons.artifacts.progress import Progress
from langneurons.artifacts.tables import artefact, write_table
from langneurons.neurons.methods.selection import Selection
from langneurons.neurons.types import POPULATIONS, RELATED, SPECIFIC, TYPES, Neurons, identify
from langneurons.uncertainty.resampling import TOKENS

#: One row per neuron, sorted by layer and neuron. ``p_…`` are the shares of draws in which it has
#: that type, ``stability`` that of the draws in which it keeps its own; null without draws.
STABILITY = artefact(
    "stability",
    "layer int32, neuron int32, type string, p_specific float32?, p_related float32?, "
    "p_general float32?, stability float32?",
)
#: One row per number: a ``quantity``, its ``place`` (layer, N or language) and ``type`` where it
#: has one. ``low`` to ``high`` is the 95 % interval over texts, null where there are too few units.
#: ``mean_of_draws`` differs from the estimate by the bias of a bootstrap. All are null where there
#: is no such number: λ of a method without one, or without a bound; the cut-off of no neuron.
CERTAINTY = artefact(
    "certainty",
    "quantity string, place string?, type string?, estimate float64?, low float64?, high float64?, "
    "mean_of_draws float64?",
)
#: One row per draw: its numbers, in the order of the rows of `CERTAINTY`; NaN where it has none.
DRAWS = artefact("stability_draws", "draw int32, numbers [float64]")
_SCALARS = ("threshold", "lambda", "cutoff")


def write_stability(
    counts_path: str | Path,
    outputs: Mapping[str, str | Path],
    method: str,
    parameters: Mapping[str, Any],
    languages: Sequence[str],
    replicates: int,
    seed: int,
    design_effect: float,
) -> None:
    """Type one model's neurons anew in draws of its texts.

    Writes `STABILITY`, `CERTAINTY` and `DRAWS`.

    Parameters
    ----------
    outputs
        Paths under the keys stability, certainty and draws.
    method, parameters
        As for `identify`.
    replicates, seed, design_effect
        Of the bootstrap, see `draw_texts`.
    """
    counts = read_sums(counts_path, languages)
    neurons, selection = identify(counts.probabilities(), method, parameters)
    draws = draw_texts(counts, replicates=replicates, seed=seed, design_effect=design_effect)
    times, numbers = in_draws(counts, draws, method, parameters)
    facts = {
        "inputs": [str(counts_path)],
        "method": method,
        "parameters": dict(parameters),
        **draws.facts,
        "replicates": replicates,
        "seed": seed,
    }
    kept = _stability(neurons.kind, times, len(draws))
    write_table(kept, outputs["stability"], STABILITY, facts)
    table = names_of_numbers(len(neurons.kind), languages)
    table["estimate"] = _numbers(neurons, selection)
    table["low"], table["high"] = draws.units.interval(table["estimate"], numbers)
    if draws.units.name == TOKENS:
        # All neurons share a text's chance, and τ is of all: drawn one by one, it hardly moves.
        table.loc[table["quantity"] == "threshold", ["low", "high"]] = np.nan
    table["mean_of_draws"] = numbers.mean(axis=0) if len(draws) else np.nan
    write_table(table, outputs["certainty"], CERTAINTY, facts)
    write_table(draw_rows("numbers", numbers), outputs["draws"], DRAWS, facts)


def draw_rows(name: str, values: np.ndarray) -> pd.DataFrame:
    """Tabulate what draws gave, (R, …), as lists in a column, a row per draw."""
    lists = pd.Series(list(values), dtype=object)  # without a draw, pandas would guess numbers
    return pd.DataFrame({"draw": np.arange(len(values)), name: lists})


def in_draws(
    counts: Counts, draws: Draws, method: str, parameters: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Type all neurons anew in each draw.

    Returns
    -------
    times, numbers
        In how many draws each neuron has each type, integers (4, L, D); and the numbers of each
        draw, (R, rows of `CERTAINTY`).
    """
    L, D = counts.active.shape[2:]
    times = np.zeros((len(TYPES), L, D), dtype=np.int32)
    numbers = np.empty((len(draws), len(names_of_numbers(L, counts.languages))))
    with Progress(len(draws), "draw") as progress:
        for row, p in zip(numbers, resampled_probabilities(counts, draws), strict=True):
            neurons, selection = identify(p, method, parameters)
            for kind, number in enumerate(times):
                number += neurons.kind == kind
            row[:] = _numbers(neurons, selection)
            progress.update()
    return times, numbers


def _numbers(neurons: Neurons, selection: Selection) -> np.ndarray:
    """Return the numbers of one model in the order of `CERTAINTY`, NaN where there is none."""
    layers, scores = neurons.by_layer, selection.score[selection.selected]
    return np.concatenate(
        [
            [selection.threshold, _weight(selection), scores.max() if scores.size else np.nan],
            layers.sum(axis=0),
            layers.reshape(-1),
            neurons.by_sharing.reshape(-1),
            neurons.by_language.reshape(-1),
        ],
        dtype=np.float64,
    )


def _weight(selection: Selection) -> float:
    """Return λ, NaN of a method without one or where it has no bound."""
    weight = selection.parameters.get("lambda")
    if weight is None or selection.parameters.get("lambda_unbounded"):
        return np.nan
    return weight


def names_of_numbers(layers: int, languages: Sequence[str]) -> pd.DataFrame:
    """Return what each number of a model is: quantity, place, type, as in `CERTAINTY`."""
    language_kinds = [TYPES[kind] for kind in (SPECIFIC, RELATED)]
    names = [
        *((name, None, None) for name in _SCALARS),
        *(("total", None, kind) for kind in TYPES),
        *(("layer", str(layer), kind) for layer in range(layers) for kind in TYPES),
        *(
            (f"sharing of {population}", str(number), None)
            for population in POPULATIONS
            for number in range(len(languages) + 1)
        ),
        *(("language", language, kind) for language in languages for kind in language_kinds),
    ]
    return pd.DataFrame(names, columns=["quantity", "place", "type"])


def _stability(kind: np.ndarray, times: np.ndarray, draws: int) -> pd.DataFrame:
    """Tabulate in which share of the draws each neuron has each type, and keeps its own."""
    layer, neuron = (index.reshape(-1).astype(np.int32) for index in np.indices(kind.shape))
    shares = times / (draws or np.nan)
    kept = np.take_along_axis(shares, kind[None].astype(np.intp), axis=0)
    return pd.DataFrame(
        {
            "layer": layer,
            "neuron": neuron,
            "type": np.asarray(TYPES, dtype=object)[kind.reshape(-1)],
            **{f"p_{TYPES[k]}": shares[k].reshape(-1).astype(np.float32) for k in range(3)},
            "stability": kept.reshape(-1).astype(np.float32),
        }
    )
