"""Knowledge accuracy by relation and language, with intervals over facts."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import inherited_provenance, read_table, write_table
from langneurons.facts.schemas import CLOZE, KNOWLEDGE
from langneurons.uncertainty.resampling import FEWEST_UNITS, mean_interval


def summarise_cloze(
    cloze_path: str | Path, output: str | Path, languages: Sequence[str], model: str
) -> None:
    """Write the `KNOWLEDGE` table of a `CLOZE` table.

    Parameters
    ----------
    languages
        The order of the rows.
    model
        The model's name, for the provenance.
    """
    table = knowledge_accuracy(read_table(cloze_path, CLOZE), languages)
    write_table(table, output, KNOWLEDGE, {**inherited_provenance(cloze_path), "name": model})


def knowledge_accuracy(cloze: pd.DataFrame, languages: Sequence[str]) -> pd.DataFrame:
    """Return the rows of `KNOWLEDGE`: of all relations together, then of each.

    Parameters
    ----------
    cloze
        Rows of `CLOZE`.
    """
    rows = []
    for relation, part in by_relation(cloze):
        means = facts_by_language(part, languages)
        for language in [*languages, None]:
            members = list(languages) if language is None else [language]
            known = means["known"][members].mean(axis=1)
            low, high = mean_interval(known.to_numpy(), fewest=FEWEST_UNITS)
            rows.append(
                {
                    "relation": relation,
                    "language": language,
                    "facts": len(known),
                    "accuracy": known.mean(),
                    "low": float(low),
                    "high": float(high),
                    # In each of these languages on its own, for the mean over them.
                    "in_all_phrasings": (means["known"][members] == 1).to_numpy().mean(),
                    "by_token": means["by_token"][members].to_numpy().mean(),
                    "chance": means["chance"].to_numpy().mean(),
                }
            )
    return pd.DataFrame(rows)[KNOWLEDGE.names]


def by_relation(cloze: pd.DataFrame) -> list[tuple[str | None, pd.DataFrame]]:
    """Return all facts, under None, and those of each relation if there are several."""
    parts: list[tuple[str | None, pd.DataFrame]] = [(None, cloze)]
    relations = list(dict.fromkeys(cloze["relation"]))
    if len(relations) > 1:
        parts += [(relation, cloze[cloze["relation"] == relation]) for relation in relations]
    return parts


def facts_by_language(cloze: pd.DataFrame, languages: Sequence[str]) -> pd.DataFrame:
    """Return means over phrasings: a row per fact; columns are measures × languages.

    The measures are ``known``, ``by_token`` and ``chance``.
    """
    scored = pd.DataFrame(
        {
            "fact": cloze["fact"],
            "language": cloze["language"],
            "known": cloze["known"].astype(float),
            "by_token": (cloze["rank_by_token"] == 1).astype(float),
            "chance": 1 / cloze["candidates"],
        }
    )
    table = scored.pivot_table(["known", "by_token", "chance"], "fact", "language", sort=False)
    measures = [(name, one) for name in ("known", "by_token", "chance") for one in languages]
    return table[pd.MultiIndex.from_tuples(measures, names=table.columns.names)]
