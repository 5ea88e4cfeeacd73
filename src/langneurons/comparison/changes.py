"""Change in the numbers of neurons: in total, by layer, N, phase and language (METHOD 4, 10).

Pure functions from the typed neurons of two models to tidy tables.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from langneurons.artifacts.tables import artefact
from langneurons.neurons.types import POPULATIONS, TYPES, Neurons
from langneurons.uncertainty.resampling import TOKENS, Units

#: ``change`` is after − before, on the scale of the comparison; ``change_low`` to ``change_high``
#: its 95 % interval over texts, and ``changed`` whether that leaves out 0, all null where there are
#: too few units; an interval over tokens decides nothing, so that there ``changed`` is null.
#: ``refitting`` is what each model's own τ, λ and cut-off add to the change: the change with these
#: less that with those of the model before.
_CHANGE = (
    "before int64, after int64, change int64, change_low float64?, change_high float64?, "
    "changed bool?, refitting int64"
)

#: One row per type.
TOTALS = artefact("change_in_total", f"type string, {_CHANGE}")
#: One row per layer × type (figure 4).
LAYERS = artefact("change_by_layer", f"layer int32, type string, {_CHANGE}", version=2)
#: One row per population (all, selected) × N = 0..K (figures 5 and 15).
SHARING = artefact(
    "change_by_sharing", f"population string, n_languages int32, {_CHANGE}", version=2
)
#: One row per phase × type; the phases are those of the model before alignment.
PHASES = artefact("change_by_phase", f"phase int32, name string, type string, {_CHANGE}", version=2)
#: One row per language × type (specific, related): neurons of that language and type (tables 2, 3).
LANGUAGES = artefact(
    "change_by_language",
    f"language string, pivot bool, trained bool, type string, {_CHANGE}",
    version=2,
)
#: One row per group of languages (pivot and rest, trained and other) × type (specific, related):
#: the sum over the ``n_languages`` of the group; one without a language has no row.
GROUPS = artefact(
    "change_by_group",
    f"group string, n_languages int32, languages [string], type string, {_CHANGE}",
)
#: One row per draw of the texts: the change in each row of `LANGUAGES`.
LANGUAGE_DRAWS = artefact("change_by_language_in_draws", "draw int32, changes [int64]")
_KINDS = ("specific", "related")


@dataclass(frozen=True)
class Counted:
    """One way of counting neurons: the rows of a table, and a model's number in each."""

    schema: pa.Schema
    keys: Mapping[str, Any]
    """The columns that say what a row counts."""
    numbers: Callable[[Neurons], np.ndarray]
    """Returns a model's numbers, an integer array with as many values as there are rows."""


def in_total() -> Counted:
    """Count the neurons of each type (`TOTALS`)."""
    return Counted(TOTALS, {"type": TYPES}, lambda neurons: neurons.by_layer.sum(axis=0))


def by_layer(layers: int) -> Counted:
    """Count the neurons of each layer and type, rows sorted by layer, then type (`LAYERS`)."""
    keys = {"layer": np.repeat(np.arange(layers), len(TYPES)), "type": list(TYPES) * layers}
    return Counted(LAYERS, keys, lambda neurons: neurons.by_layer)


def by_phase(phases: pd.DataFrame) -> Counted:
    """Count the neurons of each phase and type, for the given phase boundaries (`PHASES`)."""
    starts = phases["first_layer"].to_numpy()
    keys = {
        "phase": phases["phase"].repeat(len(TYPES)).to_numpy(),
        "name": phases["name"].repeat(len(TYPES)).to_numpy(),
        "type": list(TYPES) * len(phases),
    }
    return Counted(PHASES, keys, lambda neurons: np.add.reduceat(neurons.by_layer, starts, axis=0))


def by_sharing(languages: int) -> Counted:
    """Count neurons by the number N of languages they are active for (`SHARING`)."""
    keys = {
        "population": np.repeat(POPULATIONS, languages + 1),
        "n_languages": np.tile(np.arange(languages + 1), 2),
    }
    return Counted(SHARING, keys, lambda neurons: neurons.by_sharing)


def by_language(languages: Sequence[str], pivot: str, trained: Sequence[str]) -> Counted:
    """Count the specific and related neurons of each language (`LANGUAGES`).

    A related neuron counts for every language it belongs to.
    """
    keys = {
        "language": np.repeat(languages, len(_KINDS)),
        "pivot": np.repeat([language == pivot for language in languages], len(_KINDS)),
        "trained": np.repeat([language in trained for language in languages], len(_KINDS)),
        "type": list(_KINDS) * len(languages),
    }
    return Counted(LANGUAGES, keys, lambda neurons: neurons.by_language)


def by_group(languages: Sequence[str], pivot: str, trained: Sequence[str]) -> Counted:
    """Sum the specific and related neurons of the languages in each group (`GROUPS`)."""
    groups = {
        "pivot": [name == pivot for name in languages],
        "rest": [name != pivot for name in languages],
        "trained": [name in trained for name in languages],
        "other": [name not in trained for name in languages],
    }
    groups = {name: members for name, members in groups.items() if any(members)}
    members = np.array(list(groups.values()))  # (groups, K)
    names = [[name for name, k in zip(languages, row, strict=True) if k] for row in members]
    keys = {
        "group": np.repeat(list(groups), len(_KINDS)),
        "n_languages": members.sum(axis=1).repeat(len(_KINDS)),
        "languages": [row for row in names for _ in _KINDS],
        "type": list(_KINDS) * len(groups),
    }
    return Counted(GROUPS, keys, lambda neurons: members.astype(int) @ neurons.by_language)


def difference(counted: Counted, before: Neurons, after: Neurons) -> np.ndarray:
    """Return after − before in each row of a table, integers (rows,)."""
    return (counted.numbers(after) - counted.numbers(before)).reshape(-1)


def change_table(
    counted: Counted,
    before: Neurons,
    after: Neurons,
    refitting: np.ndarray,
    replicates: np.ndarray,
    units: Units,
) -> pd.DataFrame:
    """Tabulate what changes from one model to another.

    Parameters
    ----------
    counted
        How neurons are counted.
    before, after
        Both models' neurons, on the scale of the comparison.
    refitting
        Integers (rows,), see the columns of the tables.
    replicates
        (R, rows): the change in each draw of the texts.
    units
        What was drawn.
    """
    first, second = (counted.numbers(side).reshape(-1) for side in (before, after))
    low, high = units.interval(second - first, replicates)
    changed = pd.array((low > 0) | (high < 0), dtype="boolean")
    changed[np.isnan(low) | (units.name == TOKENS)] = pd.NA
    return pd.DataFrame(
        {
            **counted.keys,
            "before": first,
            "after": second,
            "change": second - first,
            "change_low": low,
            "change_high": high,
            "changed": changed,
            "refitting": refitting,
        }
    )
