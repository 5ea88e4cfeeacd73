"""Whether a change is the alignment's: its changes less those of a control, over seeds (METHOD 10).

Any training changes the types of some neurons. A control is trained alike, without what aligns;
what it changes as much, the alignment does not explain.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import artefact, read_provenance, read_table, write_table
from langneurons.comparison.changes import LANGUAGES, LAYERS, PHASES, SHARING, TOTALS
from langneurons.uncertainty.resampling import FEWEST_SEEDS, mean_interval

#: One row per control × number of neurons. ``change`` and ``control_change`` are means over seeds,
#: ``changes`` and ``control_changes`` the seeds'. ``difference`` is change − control_change, with
#: its 95 % interval over seeds, null below three, at least one neuron to either side. It counts
#: from ``margin`` neurons on. ``due_to_alignment``: see `verdict`.
ATTRIBUTION = artefact(
    "attribution",
    "control string, quantity string, place string?, type string?, before int64, seeds int32, "
    "change float64, changes [int64], control_change float64, control_changes [int64], "
    "difference float64, difference_low float64?, difference_high float64?, margin float64, "
    "due_to_alignment string",
)
#: A few seeds can agree on a number that is small and whole, and then have no spread. The
#: difference of two whole numbers is not surer than to one neuron, half of one for either.
_LEAST = 1.0
YES, NO, INCONCLUSIVE = "yes", "no", "inconclusive"
_SCHEMAS = {
    "totals": TOTALS,
    "layers": LAYERS,
    "phases": PHASES,
    "sharing": SHARING,
    "languages": LANGUAGES,
}
#: The tables of a comparison that are read.
TABLES = tuple(_SCHEMAS)
#: Column that says where a row's neurons are.
_PLACES = {"layers": "layer", "phases": "phase", "sharing": "n_languages", "languages": "language"}
_KEYS = ["quantity", "place", "type"]


def verdict(difference: float, low: float, high: float, margin: float, seeds: int) -> str:
    """Say whether alignment and control differ in what they change.

    Returns
    -------
    str
        ``yes`` if the interval of the difference leaves out 0 and the difference reaches the
        margin; ``no`` if the whole interval is within the margin, bounds included; else
        ``inconclusive``, with the number of seeds if there are too few for an interval.
    """
    if seeds < FEWEST_SEEDS:
        return f"{INCONCLUSIVE}: {'one seed' if seeds == 1 else f'{seeds} seeds'}"
    if (low > 0 or high < 0) and abs(difference) >= margin:
        return YES
    if -margin <= low and high <= margin:
        return NO
    return INCONCLUSIVE


def attribute(
    alignment: Sequence[pd.DataFrame], control: Sequence[pd.DataFrame], margin: float
) -> pd.DataFrame:
    """Set the changes of an alignment against those of its control, seed by seed.

    Parameters
    ----------
    alignment, control
        A table of numbers (`numbers_of`) for each seed, the same seeds in both.
    margin
        A difference counts from this share of the number before on, or from one neuron.

    Returns
    -------
    pandas.DataFrame
        The columns of `ATTRIBUTION` but for ``control``.
    """
    first = alignment[0]
    changes, others = (
        np.stack([table["change"].to_numpy() for table in tables])  # (S, rows)
        for tables in (alignment, control)
    )
    differences = (changes - others).astype(float)
    low, high = mean_interval(differences, least=_LEAST)
    table = first[[*_KEYS, "before"]].assign(
        seeds=len(alignment),
        change=changes.mean(axis=0),
        changes=list(changes.T),
        control_change=others.mean(axis=0),
        control_changes=list(others.T),
        difference=differences.mean(axis=0),
        difference_low=low,
        difference_high=high,
        margin=np.maximum(margin * first["before"], 1.0),
    )
    columns = ["difference", "difference_low", "difference_high", "margin", "seeds"]
    table["due_to_alignment"] = [
        verdict(*row) for row in table[columns].itertuples(index=False, name=None)
    ]
    return table


def write_attribution(
    tables: Mapping[str, Sequence[str | Path]],
    output: str | Path,
    family: str,
    controls: Sequence[str],
    seeds: int,
    margin: float,
) -> None:
    """Write `ATTRIBUTION`.

    Parameters
    ----------
    tables
        For each of `TABLES`, an artefact of each comparison: the alignment with each seed, then
        each control with each seed.
    family, controls
        Names of the alignment and of its controls, without seeds.
    seeds
        Number of seeds.
    margin
        As for `attribute`.
    """
    numbers = [
        numbers_of(dict(zip(tables, paths, strict=True)))
        for paths in zip(*tables.values(), strict=True)
    ]
    parts = [numbers[start : start + seeds] for start in range(0, len(numbers), seeds)]
    rows = [
        attribute(parts[0], part, margin).assign(control=name)
        for name, part in zip(controls, parts[1:], strict=True)
    ]
    facts = [read_provenance(path) for path in tables[TABLES[0]]]
    provenance = {
        "inputs": [str(path) for paths in tables.values() for path in paths],
        "before": facts[0]["before"],
        "after": [one["after"] for one in facts],
        "scale": facts[0]["scale"],
        "family": family,
        "controls": list(controls),
        "margin": margin,
    }
    write_table(pd.concat(rows, ignore_index=True), output, ATTRIBUTION, provenance)


def numbers_of(paths: Mapping[str, str | Path]) -> pd.DataFrame:
    """Put the numbers of a comparison below one another.

    Parameters
    ----------
    paths
        One artefact for each of `TABLES`.

    Returns
    -------
    pandas.DataFrame
        ``quantity`` (total, layer, phase, language, sharing of all, sharing of selected), ``place``
        (which layer, phase, language or N; null in total), ``type`` (null for sharing), ``before``
        and ``change``.
    """
    parts = []
    for name, path in paths.items():
        table = read_table(path, _SCHEMAS[name])
        place = _PLACES.get(name)
        table["place"] = table[place].astype(str) if place else None
        if name == "sharing":
            table["quantity"], table["type"] = "sharing of " + table["population"], None
        else:
            table["quantity"] = place or "total"
        parts.append(table[[*_KEYS, "before", "change"]])
    return pd.concat(parts, ignore_index=True)
