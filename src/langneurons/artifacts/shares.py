"""Shares of a job: how it is split, and how its tables are joined again.

A share is ``(index, of)``, with the index counted from 1.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import pandas as pd
import pyarrow as pa

from langneurons.artifacts.tables import read_arrow
from langneurons.errors import InputError

T = TypeVar("T")


def check_share(share: tuple[int, int]) -> tuple[int, int]:
    """Return the index of a share, from 1, and the number of shares.

    Raises
    ------
    InputError
        If there is no share with this index.
    """
    index, of = share
    if not 1 <= index <= of:
        raise InputError(f"share {index} of {of}: expected an index from 1 to {of}")
    return index, of


def share_of(cells: Sequence[T], share: tuple[int, int]) -> list[T]:
    """Return the cells of one job: every ``of``-th cell, starting at ``index`` (from 1)."""
    index, of = check_share(share)
    return list(cells[index - 1 :: of])


def joined_shares(paths: Iterable[str | Path], schema: pa.Schema) -> pd.DataFrame:
    """Return the rows of all shares as one table."""
    return pa.concat_tables([read_arrow(path, schema) for path in paths]).to_pandas()


def sort_rows(
    table: pd.DataFrame, by: Sequence[str], orders: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Sort rows by columns, nulls first; rows that are equal in these keep their order.

    Parameters
    ----------
    by
        The columns, the most important first.
    orders
        For each column not sorted by its values as such, the order of the values.
    """
    position = {
        column: {name: index for index, name in enumerate(order)}
        for column, order in orders.items()
    }
    return table.sort_values(
        list(by),
        key=lambda column: column.map(position[column.name]) if column.name in position else column,
        na_position="first",
        kind="stable",
        ignore_index=True,
    )
