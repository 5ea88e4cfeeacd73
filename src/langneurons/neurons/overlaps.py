"""Neurons selected by how little their activations in two groups of languages overlap."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from langneurons.activations.overlaps import ALL, EVEN, ODD, read_overlaps
from langneurons.activations.sums import read_sums
from langneurons.neurons.methods.dln import owners, select
from langneurons.neurons.methods.selection import Selection
from langneurons.neurons.table import write_selection
from langneurons.neurons.types import OTHER, RELATED, SPECIFIC, Neurons

#: Which halves of the texts, even and odd folds, count how often.
_WEIGHTS = {ALL: (1, 1), EVEN: (1, 0), ODD: (0, 1)}


def neurons_by_overlap(
    overlaps_path: str | Path,
    means_path: str | Path,
    parameters: Mapping[str, Any],
    languages: Sequence[str],
    texts: str = ALL,
) -> tuple[Neurons, Selection, np.ndarray]:
    """Select neurons by overlap and type them.

    Specific: selected and owned by one language; related: selected and owned by several. No neuron
    is general: each has a group of languages that do not own it.

    Parameters
    ----------
    overlaps_path, means_path
        What `langneurons.activations.histograms.measure_overlaps` writes.
    parameters
        Keyword arguments of `langneurons.neurons.methods.dln.select`.
    texts
        All texts or a half, one of `langneurons.activations.overlaps.TEXTS`.

    Returns
    -------
    neurons, selection, means
        Of the neurons ``active`` are the owners of selected ones; the means of activations are
        float32, (L, D, K).

    Raises
    ------
    InputError
        If a file is unreadable or lacks a language, or a language has no token in these texts.
    """
    overlaps = read_overlaps(overlaps_path, languages, texts)
    means = read_sums(means_path, languages).probabilities(np.array(_WEIGHTS[texts]))
    selection = select(overlaps, **parameters)
    chosen = selection.selected
    owned = np.zeros(means.shape, dtype=bool)
    owned[chosen] = owners(overlaps[chosen], means[chosen])
    N = owned.sum(axis=-1)
    kind = np.full(N.shape, OTHER, dtype=np.int8)
    kind[N == 1] = SPECIFIC
    kind[N > 1] = RELATED
    return Neurons(kind, owned, chosen), selection, means


def write_neurons_by_overlap(
    overlaps_path: str | Path,
    means_path: str | Path,
    output: str | Path,
    summary: str | Path,
    method: str,
    parameters: Mapping[str, Any],
    languages: Sequence[str],
) -> None:
    """Select neurons by overlap; write `NEURONS` and `SUMMARY` tables."""
    found = neurons_by_overlap(overlaps_path, means_path, parameters, languages)
    facts = {
        "inputs": [str(overlaps_path), str(means_path)],
        "method": method,
        "parameters": dict(parameters),
    }
    write_selection(*found, (output, summary), method, languages, facts)
