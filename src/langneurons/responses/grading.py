"""Grades of responses: the number that each ends in, whether it is right, and its language.

Responses are kept as a model wrote them and graded apart, so that another rule of grading runs no
model again.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.responses.language import identify_languages
from langneurons.responses.numbers import is_correct, last_number
from langneurons.responses.schemas import GRADES, RESPONSES, row_name

logger = logging.getLogger(__name__)

_KEYS = ["problem", "language"]


def grade(responses: pd.DataFrame, corpus: pd.DataFrame, languages: Sequence[str]) -> pd.DataFrame:
    """Grade responses by number and language.

    Parameters
    ----------
    responses
        Rows with ``problem``, ``language`` and ``response``.
    corpus
        Rows of `CORPUS`: the answers.
    languages
        ISO 639-1 codes: the languages that a response may be in.

    Returns
    -------
    pandas.DataFrame
        The same rows with the further columns of `GRADES`.

    Raises
    ------
    InputError
        As `grade_numbers` and `identify_languages`.
    """
    graded = grade_numbers(responses, corpus)
    graded["response_language"] = identify_languages(list(graded["response"]), languages)
    return graded


def grade_numbers(responses: pd.DataFrame, corpus: pd.DataFrame) -> pd.DataFrame:
    """Grade responses by number only: add ``answer``, ``prediction`` and ``correct``.

    Numbers are read as the language of the question writes them.

    Raises
    ------
    InputError
        If a response is to a problem that the corpus does not have.
    """
    answers = corpus.set_index(_KEYS)["answer"].astype("float64")
    asked = pd.MultiIndex.from_frame(responses[_KEYS])
    unknown = ~asked.isin(answers.index)
    if unknown.any():
        raise InputError(
            f"{row_name(responses[unknown].iloc[0])}: the corpus has no such problem; expected "
            "the corpus that was responded to"
        )
    answer = pd.Series(answers.reindex(asked).to_numpy(), index=responses.index)
    asked_in = zip(responses["response"], responses["language"], strict=True)
    numbers = [last_number(text, language) for text, language in asked_in]
    prediction = pd.Series(numbers, index=responses.index, dtype="float64")
    correct = is_correct(prediction, answer)
    return responses.assign(answer=answer, prediction=prediction, correct=correct)


def write_grades(
    responses_path: str | Path,
    corpus_path: str | Path,
    output: str | Path,
    languages: Sequence[str],
) -> None:
    """Write the grades of a responses artefact; see `grade`."""
    responses, corpus = read_table(responses_path, RESPONSES), read_table(corpus_path, CORPUS)
    try:
        grades = grade(responses, corpus, languages)
    except InputError as error:
        raise InputError(f"{responses_path}, {corpus_path}: {error}") from None
    right = int(grades["correct"].sum())
    logger.info("%s: %d responses, %d with the right number", output, len(grades), right)
    provenance = {
        "inputs": [str(responses_path), str(corpus_path)],
        "languages": list(languages),
    }
    write_table(grades, output, GRADES, provenance)
