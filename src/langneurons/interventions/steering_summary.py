"""What steering did: the share of answers in each language and the change in fluency, by pair."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.artifacts.atomic import atomic_path
from langneurons.artifacts.tables import inherited_provenance, read_table, write_table
from langneurons.interventions.schemas import (
    INTERVENTIONS,
    STEERING,
    STEERING_ANSWERS,
    STEERING_PROBLEMS,
)
from langneurons.responses.language import identify_languages
from langneurons.uncertainty.resampling import draw_indices, percentile_interval
from langneurons.uncertainty.shares import wilson_interval


def summarise_steering(
    answers_path: str | Path,
    outputs: Mapping[str, str | Path],
    languages: Sequence[str],
    steered: Sequence[str],
    pivot: str,
    uncertainty: Mapping[str, Any],
) -> None:
    """Identify the languages of the answers and summarise them.

    Parameters
    ----------
    answers_path
        A table of `STEERING_ANSWERS`.
    outputs
        Paths under the keys table (`STEERING`), problems (`STEERING_PROBLEMS`) and csv (the rows
        of table).
    languages
        The languages that an answer may be in.
    steered
        The languages steered from and to, in the order of the rows.
    pivot
        The language that a model may fall back to.
    uncertainty
        ``replicates`` and ``seed`` of the bootstrap.
    """
    problems = identified(read_table(answers_path, STEERING_ANSWERS), languages)
    table = summarise(problems, steered, pivot, uncertainty["replicates"], uncertainty["seed"])
    facts = {
        **inherited_provenance(answers_path),
        "pivot": pivot,
        "uncertainty": dict(uncertainty),
    }
    write_table(problems, outputs["problems"], STEERING_PROBLEMS, facts)
    with atomic_path(outputs["csv"]) as path:
        table.to_csv(path, index=False, float_format="%.4g")
    write_table(table, outputs["table"], STEERING, facts)


def identified(answers: pd.DataFrame, languages: Sequence[str]) -> pd.DataFrame:
    """Return the `STEERING_PROBLEMS` table of a `STEERING_ANSWERS` table."""
    given = answers["response"].dropna()
    found = pd.Series(identify_languages(list(given), languages), given.index, dtype=object)
    found = found.reindex(answers.index)
    return answers.assign(response_language=found.where(found.notna(), None))


def summarise(
    problems: pd.DataFrame, languages: Sequence[str], pivot: str, replicates: int, seed: int
) -> pd.DataFrame:
    """Return the `STEERING` table of a `STEERING_PROBLEMS` table.

    Parameters
    ----------
    problems
        The answers.
    languages
        The languages steered from and to, in the order of the rows.
    pivot
        A language code.
    replicates, seed
        For the bootstrap over problems; with no replicates the intervals of NLL are null.

    Notes
    -----
    Wilson intervals treat answers as independent: with several controls they are too narrow.
    """
    kinds = [kind for kind in INTERVENTIONS if (problems["intervention"] == kind).any()]
    groups = {
        kind: dict(list(problems[problems["intervention"] == kind].groupby(keys, dropna=False)))
        for kind in kinds
        for keys in [["source"] if kind == "none" else ["source", "target"]]
    }
    rows = []
    for kind in kinds:
        for source in languages:
            whole = groups["none"][(source,)]
            for target in languages:
                if target != source:
                    answers = whole if kind == "none" else groups[kind][source, target]
                    facts = {"intervention": kind, "source": source, "target": target}
                    facts |= {key: answers[key].iloc[0] for key in ("lowered", "raised")}
                    change = _nll_change(answers, whole, replicates, seed)
                    rows.append({**facts, **_summary(answers, source, target, pivot), **change})
    return pd.DataFrame(rows)[STEERING.names]


def _summary(answers: pd.DataFrame, source: str, target: str, pivot: str) -> dict[str, Any]:
    """Return the shares of one row of `STEERING`, its NLL and its counts."""
    answers = answers[answers["response"].notna()]
    n, found = len(answers), answers["response_language"]
    within = {
        "in_target": found == target,
        "in_source": found == source,
        "in_pivot": found == pivot,
        "in_other": found.notna() & ~found.isin([source, target, pivot]),
        "in_none": found.isna(),
    }
    row: dict[str, Any] = {"n": n, "nll": answers["nll"].astype(float).mean()}
    for share, those in within.items():
        count = int(those.sum())
        row[share] = count / n if n else np.nan
        row[f"{share}_low"], row[f"{share}_high"] = wilson_interval(count, n)
    row["tokens"] = answers["tokens"].astype(float).mean()
    row["unfinished"] = int(answers["unfinished"].astype(bool).sum()) if n else None
    return row


def _nll_change(
    answers: pd.DataFrame, whole: pd.DataFrame, replicates: int, seed: int
) -> dict[str, float]:
    """Return the mean change in NLL from no intervention, paired by problem, and its interval."""
    by_problem = answers.assign(nll=answers["nll"].astype(float)).groupby("problem")["nll"].mean()
    before = whole.set_index("problem")["nll"].astype(float)
    changes = (by_problem - before).dropna().to_numpy()
    low = high = np.nan
    if len(changes) and replicates:
        draws = draw_indices(len(changes), replicates, seed)
        low, high = map(float, percentile_interval(changes[draws].mean(axis=1)))
    mean = changes.mean() if len(changes) else np.nan
    return {"nll_change": mean, "nll_change_low": low, "nll_change_high": high}
