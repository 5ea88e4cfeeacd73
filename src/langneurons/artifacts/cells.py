"""Finished cells of a long job, kept on disk so that a killed job resumes where it stopped.

A cell is one measurement under one change of a model. Its rows are kept beside the output of the
job until the shares of all jobs are merged, under a name that is a digest of everything its
numbers depend on.
"""

import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import pandas as pd
import pyarrow as pa

from langneurons.artifacts.progress import Progress
from langneurons.artifacts.tables import read_arrow, write_table
from langneurons.job import CONSOLE

logger = logging.getLogger(__name__)

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
    """Measure cells one after another and write their rows as one table; see `measured_cells`."""
    table = measured_cells(cells, measurement, output, schema, description, progress)
    write_table(table, output, schema, provenance)


def measured_cells(
    cells: Sequence[T],
    measurement: Measurement[T],
    output: str | Path,
    schema: pa.Schema,
    description: str,
    progress: bool = True,
) -> pa.Table:
    """Measure cells one after another and return their rows.

    A cell that an earlier run of the same job finished is not measured again.

    Parameters
    ----------
    cells
        The cells of this job's share; there may be none.
    output, schema
        The table that the job finally writes; finished cells are kept beside it.
    description
        What the progress bar says.
    progress
        Whether to show a progress bar on stderr.
    """
    paths = [_kept_path(cell, measurement, output, schema) for cell in cells]
    kept = sum(path.is_file() for path in paths)
    if kept:
        logger.info("%d of %d cells were finished before", kept, len(cells), extra=CONSOLE)
    tables = [schema.empty_table()]  # there may be fewer cells than shares
    with Progress(len(cells), "cell", description, kept, progress) as bar:
        for cell, path in zip(cells, paths, strict=True):
            if not path.is_file():
                write_table(measurement.rows(cell), path, schema)
                bar.update()
            tables.append(read_arrow(path, schema))
    return pa.concat_tables(tables)


def kept_cells(output: str | Path) -> Path:
    """Return the folder in which shares written beside ``output`` keep their cells."""
    return Path(output).parent / "cells"


def _kept_path(cell: T, measurement: Measurement[T], output: str | Path, schema: pa.Schema) -> Path:
    """Return where the rows of a cell are kept: a name for all that they depend on."""
    told_apart = [measurement.facts, list(measurement.keys(cell))]
    digest = hashlib.sha256(json.dumps(told_apart, sort_keys=True, default=str).encode())
    for neurons in measurement.neurons(cell):
        digest.update(neurons)
    # A cell kept in another format is measured again, not refused.
    digest.update(str(sorted((schema.metadata or {}).items())).encode())
    return kept_cells(output) / f"{digest.hexdigest()[:24]}.parquet"


def remove_kept(paths: Iterable[str | Path]) -> None:
    """Remove the cells kept beside the shares, once the shares are merged."""
    for path in paths:
        shutil.rmtree(kept_cells(path), ignore_errors=True)
