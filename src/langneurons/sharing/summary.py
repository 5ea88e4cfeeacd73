"""Shares of each class by layer, with intervals over problems (METHOD 9, 10)."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import inherited_provenance, read_table, write_table
from langneurons.sharing.classes import CLASSES
from langneurons.sharing.schemas import SHARING, SHARING_LAYERS
from langneurons.uncertainty.resampling import Units, draw_weights

_MEASURES = ("share", "contribution", "effective")


def summarise_sharing(
    problems_path: str | Path, output: str | Path, dataset: str, uncertainty: Mapping[str, int]
) -> None:
    """Write `SHARING_LAYERS` of a table of `SHARING`.

    Parameters
    ----------
    dataset
        The name of the data set, for figures that have several.
    uncertainty
        ``replicates`` and ``seed`` of the bootstrap over problems.
    """
    table = by_layer(read_table(problems_path, SHARING), **uncertainty)
    facts = {
        **inherited_provenance(problems_path),
        "dataset": dataset,
        "uncertainty": dict(uncertainty),
    }
    write_table(table, output, SHARING_LAYERS, facts)


def by_layer(problems: pd.DataFrame, replicates: int, seed: int) -> pd.DataFrame:
    """Return the rows of `SHARING_LAYERS`: of each layer, then of all."""
    L = problems["layer"].max() + 1
    numbers, total, contribution, effective = (
        _array(problems, column) for column in ("neurons", "total", "contribution", "effective")
    )  # (P, L, 4) each
    tables = []
    every = [(layer, [layer]) for layer in range(L)]
    for layer, layers in [*every, (None, list(range(L)))]:
        # Over several layers, shares are of all their neurons and contributions together.
        summed = contribution[:, layers].sum(axis=1)  # (P, 4)
        whole = summed.sum(axis=1, keepdims=True)
        values = {
            "share": numbers[:, layers].sum(axis=1) / total[:, layers].sum(axis=1),
            "contribution": np.divide(summed, whole, out=np.zeros(summed.shape), where=whole > 0),
            "effective": effective[:, layers].sum(axis=1),
        }
        columns = _intervals(values, replicates, seed)
        tables.append(pd.DataFrame({"layer": layer, "class": CLASSES, **columns}))
    table = pd.concat([one.astype({"layer": "Int32"}) for one in tables], ignore_index=True)
    return table.assign(problems=len(numbers))


def draws_of(values: np.ndarray, replicates: int, seed: int) -> np.ndarray:
    """Return the mean over problems, and in each draw of the problems.

    Parameters
    ----------
    values
        (P, …).

    Returns
    -------
    numpy.ndarray
        (1 + R, …).
    """
    P = len(values)
    drawn = draw_weights(np.ones(P, dtype=bool), replicates, seed)
    weights = np.concatenate([np.ones((1, P)), drawn]) / P
    return np.tensordot(weights, values, axes=1)


def shares_of_examples(problems: pd.DataFrame) -> np.ndarray:
    """Return each problem's share of each class among all neurons, (P, 4)."""
    numbers, total = _array(problems, "neurons"), _array(problems, "total")
    return numbers.sum(axis=1) / total.sum(axis=1)


def _array(problems: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column as an array (P, L, 4)."""
    layers = problems["layer"].max() + 1
    return problems[column].to_numpy(dtype=float).reshape(-1, layers, len(CLASSES))


def _intervals(
    values: Mapping[str, np.ndarray], replicates: int, seed: int
) -> dict[str, np.ndarray]:
    """Return means over problems of values (P, 4), and their intervals, by column."""
    columns: dict[str, np.ndarray] = {}
    for name in _MEASURES:
        drawn = draws_of(values[name], replicates, seed)
        low, high = Units(len(values[name]), "problems").interval(drawn[0], drawn[1:])
        columns |= {name: drawn[0], f"{name}_low": low, f"{name}_high": high}
    return columns
