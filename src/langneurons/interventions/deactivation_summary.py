"""What each language loses when neurons are switched off: answers graded, means by language."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import inherited_provenance, read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.interventions.schemas import (
    DEACTIVATION,
    DEACTIVATION_ANSWERS,
    DEACTIVATION_PROBLEMS,
)
from langneurons.responses.accuracy import assess
from langneurons.responses.grading import grade


def grade_deactivation(
    answers_path: str | Path,
    corpus_path: str | Path,
    outputs: Mapping[str, str | Path],
    languages: Sequence[str],
) -> None:
    """Grade the answers of a deactivation and average its measures.

    Parameters
    ----------
    answers_path
        A table of `DEACTIVATION_ANSWERS`.
    corpus_path
        The corpus artefact of its questions.
    outputs
        Paths under the keys table (`DEACTIVATION`) and problems (`DEACTIVATION_PROBLEMS`).
    languages
        The languages that an answer may be in.

    Raises
    ------
    InputError
        As `langneurons.responses.grading.grade`.
    """
    answers = read_table(answers_path, DEACTIVATION_ANSWERS)
    try:
        problems = graded(answers, read_table(corpus_path, CORPUS), languages)
    except InputError as error:
        raise InputError(f"{answers_path}, {corpus_path}: {error}") from None
    provenance = inherited_provenance(answers_path)
    write_table(problems, outputs["problems"], DEACTIVATION_PROBLEMS, provenance)
    write_table(summarise(problems), outputs["table"], DEACTIVATION, provenance)


def graded(answers: pd.DataFrame, corpus: pd.DataFrame, languages: Sequence[str]) -> pd.DataFrame:
    """Return the `DEACTIVATION_PROBLEMS` table of a `DEACTIVATION_ANSWERS` table."""
    given = answers[answers["response"].notna()].rename(columns={"target": "language"})
    right = pd.Series(None, index=answers.index, dtype=object)
    if len(given):
        right[given.index] = assess(grade(given, corpus, languages))["both"].astype(object)
    return answers.assign(right=right)[DEACTIVATION_PROBLEMS.names]


def summarise(problems: pd.DataFrame) -> pd.DataFrame:
    """Return the `DEACTIVATION` table of a `DEACTIVATION_PROBLEMS` table, in its order."""
    rows = problems.assign(
        measured=problems["nll"].notna() | problems["right"].notna(),
        right=problems["right"].astype("boolean").astype("Float64"),
        unfinished=problems["unfinished"].astype("boolean").astype("Int64"),
    )
    cell = ["set", "control_seed", "deactivated", "neurons", "target"]
    groups = rows.groupby(cell, sort=False, dropna=False)
    table = groups.agg(nll=("nll", "mean"), accuracy=("right", "mean"), n=("measured", "sum"))
    table["unfinished"] = groups["unfinished"].sum(min_count=1)
    table["perplexity"] = perplexity(table["nll"])
    table["knowledge"], table["facts"] = groups["known"].mean(), groups["known"].count()
    return table.reset_index()


def perplexity(nll: np.ndarray | pd.Series | float) -> np.ndarray | pd.Series | float:
    """Return exp(NLL), or inf where that exceeds float64 (NLL above 709.78)."""
    with np.errstate(over="ignore"):
        return np.exp(nll)
