"""Responses that came with the data: a model's for forced decoding, or texts by themselves."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.responses.prompts import Prompts
from langneurons.responses.rows import in_order, with_prompts
from langneurons.responses.schemas import RESPONSES, row_name

logger = logging.getLogger(__name__)


def write_given_responses(
    corpus_path: str | Path, output: str | Path, template: str | None, languages: Sequence[str]
) -> None:
    """Write the responses of a corpus, or its texts, for all models.

    Parameters
    ----------
    corpus_path
        A corpus artefact.
    output
        The responses artefact.
    template, languages
        See `given_responses`; without a template the responses are the corpus's texts, see
        `given_texts`.

    Raises
    ------
    InputError
        See `given_responses`.
    """
    corpus = read_table(corpus_path, CORPUS)
    try:
        if template is None:
            responses = given_texts(corpus, languages)
        else:
            responses = given_responses(corpus, template, languages)
    except InputError as error:
        raise InputError(f"{corpus_path}: {error}") from None
    logger.info("%s: %d responses", output, len(responses))
    provenance = {
        "inputs": [str(corpus_path)],
        "model": None,
        "template": template,
        "languages": list(languages),
    }
    write_table(responses, output, RESPONSES, provenance)


def given_responses(corpus: pd.DataFrame, template: str, languages: Sequence[str]) -> pd.DataFrame:
    """Return the responses that came with the data, as if a model had written them.

    Parameters
    ----------
    corpus
        The columns of `CORPUS`.
    template
        The prompt, see `langneurons.responses.prompts.Prompts`.
    languages
        ISO 639-1 codes: the order of the rows.

    Returns
    -------
    pandas.DataFrame
        The columns of `RESPONSES`, sorted by problem, language, sample (from 0).

    Raises
    ------
    InputError
        If a problem has no response in one of its languages.

    Notes
    -----
    Prompts that every model has a template of its own for are the bare questions.
    """
    prompted = with_prompts(corpus, Prompts(template), languages)
    bare = prompted[prompted["responses"].map(len) == 0]
    if len(bare):
        raise InputError(
            f"{row_name(bare.iloc[0])}: no response came with the data, expected at least one "
            f"({len(bare)} of {len(prompted)} rows have none)"
        )
    rows = prompted.explode("responses", ignore_index=True).rename(
        columns={"responses": "response"}
    )
    rows["sample"] = rows.groupby(["problem", "language"], sort=False).cumcount()
    return rows[RESPONSES.names]


def given_texts(corpus: pd.DataFrame, languages: Sequence[str]) -> pd.DataFrame:
    """Return the texts of a corpus as responses to nothing, so that all of their tokens count.

    See `given_responses` for the result; the prompts are empty.
    """
    rows = in_order(corpus[corpus["language"].isin(languages)], languages)
    return rows.assign(sample=0, prompt="", response=rows["question"])[RESPONSES.names]
