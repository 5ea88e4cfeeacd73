"""Finished cells of a long job, kept on disk so that a killed job resumes where it stopped.

A cell is one measurement under one change of a model. Its rows are kept beside the output of the
job until the shares of all jobs are merged, under a name that is a digest of everything its
numbers depend on.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import pandas as pd
import pyarrow as pa

from langneurons.artifacts.tables import read_arrow, write_table

T = TypeVar("T")


@dataclass(frozen=True)
class Measurement(Generic[T]):
    """How the cells of a job are measured and told apart."""

    rows: Callable[[T], pd.DataFrame]
    """Computes the rows of a cell."""
    keys: Callable[[T], Sequence[Any]]
    """What distinguishes a cell from the others: JSON-serialisable values."""
    neurons: Callable[[T], Sequence[bytes]]
    """The neurons of a cell, as bytes."""
    facts: Mapping[str, Any]
    """What the numbers of all cells of the job depend on; JSON-serialisable."""


def measure_cells(
    cells: Sequence[T],
    measurement: Measurement[T],
    output: str | Path,
    schema: pa.Schema,
    provenance: Mapping[str, Any],
    description: str,
    progress: bool = True,
) -> None:
    """Measure cells one after another and write their rows as one table.

    A cell that an earlier run of the same job finished is not measured again.

    Parameters
    ----------
    cells
        The cells of this job's share; there may be none.
    output, schema, provenance
        The table that the job finally writes; finished cells are kept beside it.
    description
        What the progress bar says.
    progress
        Whether to show a progress bar on stderr.
    """
    from tqdm import tqdm

    tables = [schema.empty_table()]  # there may be fewer cells than shares
    for cell in tqdm(cells, desc=description, unit="cell", disable=not progress):
        which, neurons = measurement.keys(cell), measurement.neurons(cell)
        measure = partial(measurement.rows, cell)
        tables.append(kept_rows(output, measurement.facts, which, neurons, schema, measure))
    write_table(pa.concat_tables(tables), output, schema, provenance)


def kept_cells(output: str | Path) -> Path:
    """Return the folder in which shares written beside ``output`` keep their cells."""
    return Path(output).parent / "cells"


def kept_rows(
    output: str | Path,
    facts: Mapping[str, Any],
    cell: Sequence[Any],
    masks: Sequence[bytes],
    schema: pa.Schema,
    measure: Callable[[], pd.DataFrame],
) -> pa.Table:
    """Return the kept rows of a cell, or else those of ``measure``, which are then kept.

    Parameters
    ----------
    output
        The file that the job finally writes.
    facts
        What the numbers of all cells of the job depend on; JSON-serialisable.
    cell, masks
        What distinguishes this cell from the others: its keys, and its neurons as bytes.
    schema
        The schema of the rows.
    measure
        Computes the rows.
    """
    digest = hashlib.sha256(json.dumps([facts, list(cell)], sort_keys=True, default=str).encode())
    for mask in masks:
        digest.update(mask)
    # A cell kept in another format is measured again, not refused.
    digest.update(str(sorted((schema.metadata or {}).items())).encode())
    path = kept_cells(output) / f"{digest.hexdigest()[:24]}.parquet"
    if not path.is_file():
        write_table(measure(), path, schema)
    return read_arrow(path, schema)


def remove_kept(paths: Iterable[str | Path]) -> None:
    """Remove the cells kept beside the shares, once the shares are merged."""
    for path in paths:
        shutil.rmtree(kept_cells(path), ignore_errors=True)
