"""What steering did: the share of answers in each language and the change in fluency, by pair."""

from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.artifacts.atomic import atomic_path
from langneurons.artifacts.shares import sort_rows
from langneurons.artifacts.tables import inherited_provenance, read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.interventions.schemas import (
    INTERVENTIONS,
    MODES,
    NONE,
    STEERING,
    STEERING_ANSWERS,
    STEERING_DOSES,
    STEERING_PROBLEMS,
)
from langneurons.interventions.steering_doses import doses_of
from langneurons.responses.language import WORDLESS, identify_languages
from langneurons.uncertainty.resampling import draw_indices, percentile_interval
from langneurons.uncertainty.shares import wilson_interval


def summarise_steering(
    answers_path: str | Path,
    corpus_path: str | Path,
    outputs: Mapping[str, str | Path],
    languages: Sequence[str],
    steered: Sequence[str],
    pivot: str,
    uncertainty: Mapping[str, Any],
    max_repetition: float,
) -> None:
    """Identify the languages of the answers and summarise them.

    Parameters
    ----------
    answers_path
        A table of `STEERING_ANSWERS`.
    corpus_path
        The corpus artefact of the questions.
    outputs
        Paths under the keys table (`STEERING`), problems (`STEERING_PROBLEMS`), doses
        (`STEERING_DOSES`), csv (the rows of table) and answers (the answers to each language's
        first problem, to be read).
    languages
        The languages that an answer may be in.
    steered
        The languages steered from and to, in the order of the rows.
    pivot
        The language that a model may fall back to.
    uncertainty
        ``replicates`` and ``seed`` of the bootstrap.
    max_repetition
        See `langneurons.interventions.steering_doses.doses_of`.
    """
    problems = identified(read_table(answers_path, STEERING_ANSWERS), languages)
    table = summarise(problems, steered, pivot, uncertainty["replicates"], uncertainty["seed"])
    facts = {
        **inherited_provenance(answers_path),
        "pivot": pivot,
        "uncertainty": dict(uncertainty),
    }
    write_table(problems, outputs["problems"], STEERING_PROBLEMS, facts)
    examples = first_answers(problems, read_table(corpus_path, CORPUS), steered)
    for name, rows in (("csv", table), ("answers", examples)):
        with atomic_path(outputs[name]) as path:
            rows.to_csv(path, index=False, float_format="%.4g")
    doses = doses_of(problems, max_repetition, uncertainty["replicates"], uncertainty["seed"])
    facts_of_doses = {**facts, "max_repetition": max_repetition}
    write_table(doses, outputs["doses"], STEERING_DOSES, facts_of_doses)
    write_table(table, outputs["table"], STEERING, facts)


def identified(answers: pd.DataFrame, languages: Sequence[str]) -> pd.DataFrame:
    """Return the `STEERING_PROBLEMS` table of a `STEERING_ANSWERS` table."""
    given = answers["response"].dropna()
    found = pd.Series(identify_languages(list(given), languages), given.index, dtype=object)
    found = found.reindex(answers.index)
    return answers.assign(response_language=found.where(found.notna(), None))


def first_answers(
    problems: pd.DataFrame, corpus: pd.DataFrame, languages: Sequence[str]
) -> pd.DataFrame:
    """Return the first problem of each language, and what was answered under each intervention.

    Pairs that were not measured, for lack of neurons, are left out.

    Parameters
    ----------
    problems
        A `STEERING_PROBLEMS` table.
    corpus
        The questions.
    languages
        The languages steered from and to, in the order of the rows.

    Returns
    -------
    pandas.DataFrame
        ``source``, ``problem``, ``question``, ``intervention``, ``target``, ``mode``,
        ``factor``, ``response``, ``response_language`` and ``repetition``. Line breaks are
        written ⏎.
    """
    problems = problems[problems["response"].notna()]
    first = problems.groupby("source")["problem"].transform("first")
    # The first control stands for all.
    shown = (problems["problem"] == first) & (problems["control_seed"].fillna(0) == 0)
    questions = corpus.rename(columns={"language": "source"})[["problem", "source", "question"]]
    rows = problems[shown].merge(questions, on=["problem", "source"], how="left")
    for text in ("question", "response"):
        rows[text] = rows[text].str.replace(r"\r\n?|\n", "⏎", regex=True)
    asked = ["source", "problem", "question", "intervention", "target", "mode", "factor"]
    rows = rows[[*asked, "response", "response_language", "repetition"]]
    return sort_rows(rows, ["source"], {"source": languages})


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
    none = dict(list(problems[problems["target"].isna()].groupby("source")))
    changed = problems[problems["target"].notna()]
    cells = ["intervention", "source", "target", "mode", "factor"]
    groups = {
        **{(NONE, a, b, None, np.nan): none[a] for a, b in permutations(languages, 2)},
        **dict(list(changed.groupby(cells))),
    }
    rows = []
    for cell, answers in groups.items():
        _, source, target, *_ = cell
        facts = {**dict(zip(cells, cell, strict=True)), **answers.iloc[0][["lowered", "raised"]]}
        change = _nll_change(answers, none[source], replicates, seed)
        rows.append({**facts, **_summary(answers, source, target, pivot), **change})
    orders = {"intervention": INTERVENTIONS, "source": languages, "target": languages}
    orders["mode"] = MODES
    return sort_rows(pd.DataFrame(rows)[STEERING.names], cells, orders)


def _summary(answers: pd.DataFrame, source: str, target: str, pivot: str) -> dict[str, Any]:
    """Return the shares of one row of `STEERING`, its NLL and its counts."""
    answers = answers[answers["response"].notna()]
    n, found = len(answers), answers["response_language"]
    within = {
        "in_target": found == target,
        "in_source": found == source,
        "in_pivot": found == pivot,
        "in_other": found.notna() & ~found.isin([source, target, pivot, WORDLESS]),
        "in_none": found.isna(),
        "wordless": found == WORDLESS,
    }
    row: dict[str, Any] = {"n": n, "nll": answers["nll"].astype(float).mean()}
    for share, those in within.items():
        count = int(those.sum())
        row[share] = count / n if n else np.nan
        row[f"{share}_low"], row[f"{share}_high"] = wilson_interval(count, n)
    row["tokens"] = answers["tokens"].astype(float).mean()
    row["repetition"] = answers["repetition"].astype(float).mean()
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
