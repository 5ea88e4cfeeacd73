"""How the numbers of neurons react to a method's settings, one varied at a time (METHOD 2)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.activations.counts import read_probabilities
from langneurons.artifacts.tables import artefact, write_table
from langneurons.neurons.methods.selection import Selection
from langneurons.neurons.types import TYPES, Neurons, identify

#: One row per setting × value, each setting with its configured value among them; ``value`` is
#: null where it is searched for. ``belonging`` counts the selected neurons with N ≥ 1.
SENSITIVITY = artefact(
    "sensitivity",
    "parameter string, value float64?, configured bool, threshold float64, lambda float64?, "
    "lambda_unbounded bool?, specific int64, related int64, general int64, selected int64, "
    "belonging int64",
)
_COUNTED = ("specific", "related", "general")


def write_sensitivity(
    probabilities_path: str | Path,
    output: str | Path,
    method: str,
    parameters: Mapping[str, Any],
    values: Mapping[str, Sequence[float | None]],
    multiples: Mapping[str, Sequence[float]],
    languages: Sequence[str],
) -> None:
    """Vary the settings of a selection and write a `SENSITIVITY` table; see `sensitivity`."""
    probabilities = read_probabilities(probabilities_path, languages)
    table = sensitivity(probabilities, method, parameters, values, multiples)
    provenance = {
        "inputs": [str(probabilities_path)],
        "method": method,
        "parameters": dict(parameters),
    }
    write_table(table, output, SENSITIVITY, provenance)


def sensitivity(
    probabilities: np.ndarray,
    method: str,
    parameters: Mapping[str, Any],
    values: Mapping[str, Sequence[float | None]],
    multiples: Mapping[str, Sequence[float]],
) -> pd.DataFrame:
    """Count the neurons of each type while one setting varies and the others stay as configured.

    A setting that is configured to be searched for, such as λ, is searched for anew each time.

    Parameters
    ----------
    probabilities
        Activation probabilities (L, D, K).
    method
        The name of a module of `langneurons.neurons.methods`.
    parameters
        All keyword arguments of the method's ``select``, as configured.
    values
        Keyword argument → values that it takes beside the configured one; None is a search.
    multiples
        Keyword argument → multiples, taken too, of the number that it comes to as configured.

    Returns
    -------
    DataFrame
        The columns of `SENSITIVITY`; the values of a setting ascend, a search comes last.
    """
    configured = identify(probabilities, method, parameters)
    in_use: Mapping[str, Any] = configured[1].parameters
    rows = []
    for argument, others in values.items():
        name = argument.removesuffix("_")  # as in `lambda_`
        scaled = (multiple * in_use[name] for multiple in multiples.get(argument, ()))
        for value in sorted({parameters[argument], *others, *scaled}, key=_search_last):
            as_configured = value == parameters[argument]
            changed = {**parameters, argument: value}
            found = configured if as_configured else identify(probabilities, method, changed)
            setting = {"parameter": name, "value": value, "configured": as_configured}
            rows.append({**setting, **_numbers(*found)})
    return pd.DataFrame(rows, columns=SENSITIVITY.names)


def _numbers(neurons: Neurons, selection: Selection) -> dict[str, float | bool | None]:
    return {
        "threshold": selection.threshold,
        "lambda": selection.parameters.get("lambda"),
        "lambda_unbounded": selection.parameters.get("lambda_unbounded"),
        **{kind: int((neurons.kind == TYPES.index(kind)).sum()) for kind in _COUNTED},
        "selected": int(neurons.selected.sum()),
        "belonging": int((neurons.selected & neurons.active.any(axis=-1)).sum()),
    }


def _search_last(value: float | None) -> tuple[bool, float]:
    return value is None, value or 0.0
