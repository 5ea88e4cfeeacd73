"""Joins the shares of an intervention, once all its cells are measured."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from langneurons.artifacts.cells import remove_kept
from langneurons.artifacts.shares import joined_shares, sort_rows
from langneurons.artifacts.tables import inherited_provenance, write_table
from langneurons.interventions.schemas import (
    DEACTIVATION_ANSWERS,
    DOSE_PROBLEMS,
    INTERVENTIONS,
    MODES,
    NONE,
    STEERING_ANSWERS,
)


def merge_deactivation(
    paths: Sequence[str | Path],
    output: str | Path,
    languages: Sequence[str],
    sets: Sequence[str],
) -> None:
    """Join the shares into one table of `DEACTIVATION_ANSWERS`; the kept cells are removed.

    Parameters
    ----------
    paths
        The tables of all shares.
    languages, sets
        The order of the rows, after those without a set.
    """
    orders = {
        "set": [NONE, *sets],
        "deactivated": languages,
        "control_seed": None,
        "target": languages,
    }
    _merge(paths, output, DEACTIVATION_ANSWERS, orders)


def merge_doses(
    paths: Sequence[str | Path],
    output: str | Path,
    methods: Sequence[str],
    languages: Sequence[str],
) -> None:
    """Join the shares into one table of `DOSE_PROBLEMS`; the kept cells are removed.

    ``methods`` and ``languages`` are the order of the rows, after those with no neurons off.
    """
    orders = {
        "method": methods,
        "language": languages,
        "size": None,
        "control_seed": None,
        "target": languages,
    }
    _merge(paths, output, DOSE_PROBLEMS, orders)


def merge_steering(
    paths: Sequence[str | Path], output: str | Path, languages: Sequence[str]
) -> None:
    """Join the shares into one table of `STEERING_ANSWERS`; the kept cells are removed.

    ``languages`` are those steered from and to, in the order of the rows.
    """
    orders = {
        "intervention": INTERVENTIONS,
        "source": languages,
        "target": languages,
        "mode": MODES,
        "factor": None,
        "control_seed": None,
    }
    _merge(paths, output, STEERING_ANSWERS, orders)


def _merge(
    paths: Sequence[str | Path],
    output: str | Path,
    schema: pa.Schema,
    orders: Mapping[str, Sequence[str] | None],
) -> None:
    """Join the shares; rows go by the columns of ``orders``, problems keep their order."""
    given = {column: order for column, order in orders.items() if order is not None}
    table = sort_rows(joined_shares(paths, schema), list(orders), given)
    write_table(table, output, schema, inherited_provenance(paths[0]))
    remove_kept(paths)
