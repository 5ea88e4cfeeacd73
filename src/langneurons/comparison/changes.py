"""Change in the numbers of neurons, by layer, N, phase and language (METHOD 4).

Pure functions from the typed neurons of two models to tidy tables with the columns before,
after, and change = after − before.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import artefact
from langneurons.neurons.types import RELATED, SPECIFIC, TYPES, Neurons

_CHANGE = "before int64, after int64, change int64"

#: One row per layer × type (figure 4).
LAYERS = artefact("change_by_layer", f"layer int32, type string, {_CHANGE}")
#: One row per population (all, selected) × N = 0..K (figures 5 and 15).
SHARING = artefact("change_by_sharing", f"population string, n_languages int32, {_CHANGE}")
#: One row per phase × type; the phases are those of the model before alignment.
PHASES = artefact("change_by_phase", f"phase int32, name string, type string, {_CHANGE}")
#: One row per language × type (specific, related): neurons of that language and type (tables 2, 3).
LANGUAGES = artefact(
    "change_by_language", f"language string, pivot bool, trained bool, type string, {_CHANGE}"
)


def layer_change(before: Neurons, after: Neurons) -> pd.DataFrame:
    """Neurons of each layer and type, rows sorted by layer, then type (`LAYERS`)."""
    L = len(before.kind)
    return _changes(
        {"layer": np.repeat(np.arange(L), len(TYPES)), "type": list(TYPES) * L},
        _by_layer(before),
        _by_layer(after),
    )


def phase_change(before: Neurons, after: Neurons, phases: pd.DataFrame) -> pd.DataFrame:
    """Neurons of each phase and type, for the given phase boundaries (`PHASES`)."""
    starts = phases["first_layer"].to_numpy()
    return _changes(
        {
            "phase": phases["phase"].repeat(len(TYPES)).to_numpy(),
            "name": phases["name"].repeat(len(TYPES)).to_numpy(),
            "type": list(TYPES) * len(phases),
        },
        np.add.reduceat(_by_layer(before), starts, axis=0),
        np.add.reduceat(_by_layer(after), starts, axis=0),
    )


def sharing_change(before: Neurons, after: Neurons) -> pd.DataFrame:
    """Neurons by the number N of languages they are active for (`SHARING`)."""
    K = before.active.shape[-1]
    return _changes(
        {
            "population": np.repeat(["all", "selected"], K + 1),
            "n_languages": np.tile(np.arange(K + 1), 2),
        },
        _by_sharing(before),
        _by_sharing(after),
    )


def language_change(
    before: Neurons,
    after: Neurons,
    languages: Sequence[str],
    pivot: str,
    trained: Sequence[str],
) -> pd.DataFrame:
    """Specific and related neurons of each language (`LANGUAGES`).

    A related neuron counts for every language it belongs to.
    """
    kinds = ("specific", "related")
    return _changes(
        {
            "language": np.repeat(languages, len(kinds)),
            "pivot": np.repeat([language == pivot for language in languages], len(kinds)),
            "trained": np.repeat([language in trained for language in languages], len(kinds)),
            "type": list(kinds) * len(languages),
        },
        _by_language(before),
        _by_language(after),
    )


def _by_layer(neurons: Neurons) -> np.ndarray:
    return np.stack([(neurons.kind == k).sum(axis=1) for k in range(len(TYPES))], axis=1)


def _by_sharing(neurons: Neurons) -> np.ndarray:
    bins = neurons.active.shape[-1] + 1
    N = neurons.n_languages
    populations = (N.reshape(-1), N[neurons.selected])
    return np.stack([np.bincount(population, minlength=bins) for population in populations])


def _by_language(neurons: Neurons) -> np.ndarray:
    return np.stack(
        [neurons.active[neurons.kind == k].sum(axis=0) for k in (SPECIFIC, RELATED)], axis=1
    )


def _changes(
    keys: Mapping[str, np.ndarray | Sequence[str]], before: np.ndarray, after: np.ndarray
) -> pd.DataFrame:
    before, after = before.reshape(-1), after.reshape(-1)
    return pd.DataFrame({**keys, "before": before, "after": after, "change": after - before})
