"""The neurons of facts, by layer and language, with intervals over facts (METHOD 9, 10)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import inherited_provenance, read_table, write_table
from langneurons.knowledge.schemas import (
    AGNOSTIC,
    ATTRIBUTIONS,
    FACT_LAYERS,
    FACT_NEURONS,
    OVERALL,
)
from langneurons.knowledge.selection import (
    expected_by_chance,
    language_agnostic,
    neurons_of_facts,
    overall,
)
from langneurons.models.schema import read_card
from langneurons.uncertainty.resampling import with_interval


def select_fact_neurons(
    attributions_path: str | Path,
    card_path: str | Path,
    outputs: Mapping[str, str | Path],
    parameters: Mapping[str, Any],
) -> None:
    """Write `FACT_NEURONS`, `AGNOSTIC`, `OVERALL` and `FACT_LAYERS` of a table of `ATTRIBUTIONS`.

    Parameters
    ----------
    outputs
        Paths under the keys neurons, agnostic, overall and layers.
    parameters
        ``threshold``, ``variation`` and ``share``, see `langneurons.knowledge.selection`.
    """
    table = read_table(attributions_path, ATTRIBUTIONS)
    facts = inherited_provenance(attributions_path)
    known = table[["fact", "language", "answer"]].drop_duplicates()
    share, languages = parameters["share"], facts["languages"]
    neurons = neurons_of_facts(table, parameters["threshold"], parameters["variation"])
    whole = neurons[neurons["held_out"].isna()]
    agnostic = language_agnostic(whole, known, share, languages)
    layers = by_layer(
        table, whole, agnostic, languages, int(read_card(card_path)["neurons_per_layer"]), share
    )
    said = {**facts, "parameters": {**facts["parameters"], **parameters}}
    write_table(neurons, outputs["neurons"], FACT_NEURONS, said)
    write_table(agnostic, outputs["agnostic"], AGNOSTIC, said)
    write_table(overall(agnostic, known), outputs["overall"], OVERALL, said)
    write_table(layers, outputs["layers"], FACT_LAYERS, said)


def by_layer(
    attributions: pd.DataFrame,
    neurons: pd.DataFrame,
    agnostic: pd.DataFrame,
    languages: Sequence[str],
    width: int,
    share: float,
) -> pd.DataFrame:
    """Return the rows of `FACT_LAYERS`: of each language that has facts, then language-agnostic.

    Parameters
    ----------
    attributions
        Rows of `ATTRIBUTIONS`.
    neurons, agnostic
        Rows of `FACT_NEURONS`, found on all phrasings, and of `AGNOSTIC`.
    width
        Number D of neurons in a layer.
    share
        See `language_agnostic`.
    """
    sums = attributions[attributions["neuron"].isna()]
    if sums.empty:
        return pd.DataFrame(columns=FACT_LAYERS.names)
    keys = ["fact", "language"]
    raised = sums.pivot_table("change", keys, "layer", sort=False)  # (facts, L)
    counted = _numbers(neurons, keys, raised)
    tables = []
    for language in [name for name in languages if name in set(sums["language"])]:
        of = raised.index.get_level_values("language") == language
        tables.append(_layers(counted[of], raised[of]).assign(language=language))
    several = counted.groupby("fact", sort=False).filter(lambda rows: len(rows) > 1)
    if len(several):
        rose = raised.loc[several.index].groupby("fact", sort=False).mean()
        found = _numbers(agnostic, ["fact"], rose)
        chance = [
            np.mean(
                [
                    expected_by_chance(list(numbers), width, share)
                    for _, numbers in several[layer].groupby("fact", sort=False)
                ]
            )
            for layer in several.columns
        ]
        tables.append(_layers(found, rose).assign(expected=chance))
    table = pd.concat(tables, ignore_index=True)
    return table.reindex(columns=FACT_LAYERS.names).astype({"language": object})


def _numbers(neurons: pd.DataFrame, keys: list[str], like: pd.DataFrame) -> pd.DataFrame:
    """Return how many neurons there are of each fact by layer, 0 where there are none."""
    found = neurons.pivot_table("neuron", keys, "layer", aggfunc="count")
    return found.reindex(index=like.index, columns=like.columns).fillna(0.0)


def _layers(counted: pd.DataFrame, raised: pd.DataFrame) -> pd.DataFrame:
    """Return means over facts of numbers by layer, (facts, L), with their intervals."""
    columns: dict[str, Any] = {"layer": counted.columns}
    for name, values in (("neurons", counted.to_numpy(float)), ("change", raised.to_numpy(float))):
        columns |= with_interval(name, values)
    return pd.DataFrame(columns).assign(facts=len(counted))
