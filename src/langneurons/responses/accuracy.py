"""Accuracy: the share of responses with the right number in the right language (METHOD 6)."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import artefact, read_table, write_table
from langneurons.errors import InputError
from langneurons.responses.language import WORDLESS
from langneurons.responses.schemas import GRADES
from langneurons.uncertainty.shares import wilson_interval

#: One row per language. ``n`` counts the responses whose problem has an answer to compare with,
#: and the other counts are subsets of these: ``wordless`` are those without words, whose language
#: is neither right nor wrong. The shares are null where ``n`` is 0. Until version 1 there was no
#: ``wordless``.
ACCURACY = artefact(
    "accuracy",
    "language string, n int64, number_right int64, language_right int64, wordless int64, "
    "both int64, accuracy float64?, low float64?, high float64?",
    version=2,
)


def accuracy(responses: pd.DataFrame) -> pd.DataFrame:
    """Count right responses by language.

    Parameters
    ----------
    responses
        The columns of `GRADES`. Those without an answer to compare with
        (``correct`` is null) are left out.

    Returns
    -------
    pandas.DataFrame
        The columns of ``ACCURACY``, languages in the order of their first response.
        ``accuracy`` is both / n, and ``low`` to ``high`` its 95 % Wilson interval, which treats
        responses as independent: with several samples per problem it is too narrow.
    """
    counts = (
        assess(responses)
        .assign(language=responses["language"])
        .rename(columns={"answered": "n"})
        .groupby("language", sort=False)
        .sum()
        .astype("int64")
        .reset_index()
    )
    counts["accuracy"] = counts["both"] / counts["n"].where(counts["n"] > 0)
    intervals = [wilson_interval(*pair) for pair in zip(counts["both"], counts["n"], strict=True)]
    counts[["low", "high"]] = pd.DataFrame(intervals, columns=["low", "high"], dtype="float64")
    return counts


def assess(responses: pd.DataFrame) -> pd.DataFrame:
    """Tell whether each response has the right number, the right language, and both.

    Parameters
    ----------
    responses
        The columns of `GRADES`.

    Returns
    -------
    pandas.DataFrame
        Booleans, one row per response: ``answered`` (whether its problem has an answer to compare
        with), and ``number_right``, ``language_right``, ``wordless`` (no language to tell) and
        ``both``, false where not answered.
    """
    answered = responses["correct"].notna()
    number_right = responses["correct"].astype("boolean").fillna(False).astype(bool)
    language_right = answered & (responses["response_language"] == responses["language"])
    return pd.DataFrame(
        {
            "answered": answered,
            "number_right": number_right,
            "language_right": language_right,
            "wordless": answered & (responses["response_language"] == WORDLESS),
            "both": number_right & language_right,
        }
    )


def write_accuracy(
    grades_path: str | Path, languages: Sequence[str], model: str, output: str | Path
) -> None:
    """Write the accuracy of a grades artefact, one row per language in the order given.

    Raises
    ------
    InputError
        If a language has no response.
    """
    table = accuracy(read_table(grades_path, GRADES)).set_index("language")
    missing = [language for language in languages if language not in table.index]
    if missing:
        raise InputError(f"{grades_path}: no responses in {' '.join(missing)}")
    provenance = {"inputs": [str(grades_path)], "model": model, "languages": list(languages)}
    write_table(table.loc[list(languages)].reset_index(), output, ACCURACY, provenance)
