"""How retrieval and losses change from one model to another, with intervals over problems."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.corpora.languages import groups_of_languages
from langneurons.errors import InputError
from langneurons.retrieval.schemas import (
    LOSSES,
    MEASURES,
    PARTNERS,
    RETRIEVAL,
    RETRIEVAL_CHANGE,
)
from langneurons.uncertainty.resampling import Units, draw_weights

_SIDES = ("before", "after", "change")


def retrieval_change(
    before: Mapping[str, pd.DataFrame],
    after: Mapping[str, pd.DataFrame],
    languages: Sequence[str],
    pivot: str,
    trained: Sequence[str],
    replicates: int,
    seed: int,
) -> pd.DataFrame:
    """Compare what two models find, and lose, on the same texts.

    Parameters
    ----------
    before, after
        Under the keys partners and losses, the columns of `PARTNERS` and of `LOSSES`.
    languages, pivot
        The languages, in the order of the rows.
    trained
        Languages that the alignment trained on.
    replicates, seed
        Of the bootstrap. It draws problems, each with all its languages, layers and both models.

    Returns
    -------
    pandas.DataFrame
        The columns of `RETRIEVAL_CHANGE`. Measures that were not taken, and groups without a
        language, have no rows.

    Raises
    ------
    InputError
        If the two models read different problems, or have different numbers of layers.
    """
    tables = []
    for measure in MEASURES:
        layers, values = _values(measure, before, after, languages)
        if not values.size:
            continue
        for group, language, members in groups_of_languages(languages, pivot, trained):
            # The pivot has no partner to find, and nothing to translate.
            kept = values[:, :, :, [languages.index(name) for name in members]]
            if np.isnan(kept).all():
                continue
            table = _paired(kept, replicates, seed, bounded=measure == RETRIEVAL)
            keys = {"measure": measure, "group": group, "language": language}
            tables.append(table.assign(layer=layers, **keys))
    return pd.concat(tables, ignore_index=True)[RETRIEVAL_CHANGE.names]


def write_retrieval_change(
    before: Mapping[str, str | Path],
    after: Mapping[str, str | Path],
    languages: Sequence[str],
    pivot: str,
    trained: Sequence[str],
    names: tuple[str, str],
    uncertainty: Mapping[str, int],
    output: str | Path,
    control: str | None = None,
) -> None:
    """Write the change between two models' artefacts.

    Parameters
    ----------
    before, after
        Paths of `PARTNERS` and `LOSSES` under the keys partners and losses.
    names
        The models' names, before first.
    uncertainty
        ``replicates`` and ``seed`` of the bootstrap.
    control
        Which control of an alignment the model after is, if it is one.

    Raises
    ------
    InputError
        As `retrieval_change`, naming the files.
    """
    schemas = {"partners": PARTNERS, "losses": LOSSES}
    read = [
        {key: read_table(side[key], schema) for key, schema in schemas.items()}
        for side in (before, after)
    ]
    bootstrap = {key: uncertainty[key] for key in ("replicates", "seed")}
    try:
        table = retrieval_change(read[0], read[1], languages, pivot, trained, **bootstrap)
    except InputError as error:
        raise InputError(f"{before['partners']}, {after['partners']}: {error}") from None
    provenance = {
        "inputs": [str(side[key]) for side in (before, after) for key in schemas],
        "before": names[0],
        "after": names[1],
        "pivot": pivot,
        "trained": list(trained),
        "control": control,
        "parameters": read_provenance(before["partners"]).get("parameters"),
        **bootstrap,
    }
    write_table(table, output, RETRIEVAL_CHANGE, provenance)


def _values(
    measure: str,
    before: Mapping[str, pd.DataFrame],
    after: Mapping[str, pd.DataFrame],
    languages: Sequence[str],
) -> tuple[list[int | None], np.ndarray]:
    """Return layers, and (2, layers, P, K): before and after, NaN where nothing was measured."""
    first, second = (_of_measure(side, measure) for side in (before, after))
    layers, others = (one.index.unique("layer") for one in (first, second))
    if measure == RETRIEVAL and len(layers) != len(others):
        raise InputError(
            f"the models have {len(layers) - 1} and {len(others) - 1} layers; expected as many, to "
            "be compared layer by layer"
        )
    differing = first.index.symmetric_difference(second.index)
    if len(differing):
        _, problem, language = differing[0]
        raise InputError(
            f"the models read different texts: problem {problem!r} in {language} was measured "
            f"({measure}) in one of them only"
        )
    if first.empty:
        return [], np.empty(0)
    problems = first.index.unique("problem")
    cells = pd.MultiIndex.from_product([layers, problems, languages], names=first.index.names)
    shape = (2, len(layers), len(problems), len(languages))
    values = np.stack([first.reindex(cells), second.reindex(cells)]).reshape(shape)
    if measure != RETRIEVAL:
        return [None], values
    mean = values.mean(axis=1, keepdims=True)
    return [*layers, None], np.concatenate([values, mean], axis=1)


def _of_measure(side: Mapping[str, pd.DataFrame], measure: str) -> pd.Series:
    """Return a model's values by layer, problem and language; losses have one layer."""
    if measure == RETRIEVAL:
        table = side["partners"].assign(value=side["partners"]["found"])
    else:
        table = side["losses"]
        table = table[table["measure"] == measure]
        table = table.assign(layer=0, value=table["nll"])
    return table.set_index(["layer", "problem", "language"])["value"].astype(float)


def _paired(values: np.ndarray, replicates: int, seed: int, bounded: bool) -> pd.DataFrame:
    """Means, and their change, of an array (2, layers, P, k), with intervals; a row a layer.

    Parameters
    ----------
    bounded
        Whether the values are shares: then their means lie between 0 and 1.
    """
    # In both models or in neither; what is known does not depend on the layer.
    known = ~np.isnan(values).any(axis=(0, 1))  # (P, k)
    n = known.sum(axis=1)
    sums = np.where(known, values, 0).sum(axis=3)[:, :, n > 0]  # (2, layers, units)
    sums = np.concatenate([sums, sums[1:] - sums[:1]])  # before, after, change
    n = n[n > 0]
    draws = draw_weights(np.ones(len(n), dtype=bool), replicates, seed)  # (R, units)
    means = sums.sum(axis=2) / n.sum()
    drawn = (sums @ draws.T) / (draws @ n)  # (3, layers, R)
    low, high = Units(len(n), "problems").interval(means, np.moveaxis(drawn, 2, 0))
    if bounded:
        lowest = np.array([0, 0, -1])[:, None]
        low, high = np.maximum(low, lowest), np.minimum(high, 1)
    columns = {
        f"{side}{end}": bound[index]
        for index, side in enumerate(_SIDES)
        for end, bound in (("", means), ("_low", low), ("_high", high))
    }
    return pd.DataFrame(columns).assign(n=int(n.sum()))
