"""What it took to collect the statistics that methods read (docs/methods.md)."""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import artefact, read_provenance, write_table

#: One row per method: the cost of the ``jobs`` that ran the model for the ``statistic`` it reads,
#: which serves the methods ``shared_with`` too. ``seconds`` is their sum, ``memory_mib`` the most
#: that one of them held; null if one was not benchmarked. Tokens are null where the statistic does
#: not say how many were read.
COST = artefact(
    "methods_cost",
    "method string, statistic string, shared_with [string], jobs int64, seconds float64?, "
    "memory_mib float64?, forward_tokens int64?, backward_tokens int64?",
)


def write_cost(
    paths: Sequence[str | Path],
    output: str | Path,
    statistics: Mapping[str, str],
    benchmarks: Mapping[str, str],
) -> None:
    """Write what each method's statistic took, a table of `COST`.

    Parameters
    ----------
    paths
        The artefacts of the statistics, in the order of ``benchmarks``.
    statistics
        Method → the statistic that it reads.
    benchmarks
        Statistic → the file in which Snakemake writes its job's time and memory; those of the
        shares of a job, as many as the artefact's provenance says, lie in a folder of that name.
    """
    costs = {
        statistic: _cost(read_provenance(path), Path(file))
        for path, (statistic, file) in zip(paths, benchmarks.items(), strict=True)
    }
    rows = [
        {
            "method": method,
            "statistic": statistic,
            "shared_with": [name for name in statistics if _shares(statistics, name, method)],
            **costs[statistic],
        }
        for method, statistic in statistics.items()
    ]
    table = pd.DataFrame(rows).astype({"forward_tokens": "Int64", "backward_tokens": "Int64"})
    write_table(table, output, COST, {"inputs": [str(path) for path in paths]})


def _shares(statistics: Mapping[str, str], name: str, method: str) -> bool:
    return name != method and statistics[name] == statistics[method]


def _cost(facts: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Return the columns of `COST` about a statistic's jobs."""
    shares = facts.get("shards")
    files = (
        [file.with_suffix("") / f"{index}-of-{shares}.tsv" for index in range(1, shares + 1)]
        if shares
        else [file]
    )
    timed = [_benchmark(path) for path in files]
    seconds, memory = ([one[column] for one in timed] for column in ("s", "max_rss"))
    return {
        "jobs": len(files),
        "seconds": float(np.sum(seconds)),
        "memory_mib": float(np.max(memory)),
        "forward_tokens": facts.get("forward_tokens"),
        "backward_tokens": facts.get("backward_tokens"),
    }


def _benchmark(path: Path) -> dict[str, float]:
    """Return time and memory of a job from Snakemake's file; NaN where it has none.

    A job that ends at once has no memory: Snakemake writes "-" or "NA".
    """
    if not path.is_file():
        return {"s": math.nan, "max_rss": math.nan}
    with path.open(newline="", encoding="utf-8") as file:
        *_, last = csv.DictReader(file, delimiter="\t")
    return {column: _number(last[column]) for column in ("s", "max_rss")}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
