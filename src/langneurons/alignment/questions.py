"""The questions that a model is aligned by are none that it is analysed on."""

import unicodedata
from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import artefact, read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.responses.schemas import row_name

#: One row: how many texts were compared, of an analysed data set and of the questions.
COMPARED = artefact("compared_questions", "texts int64, questions int64")


def check_questions(
    questions_path: str | Path, corpus_path: str | Path, output: str | Path
) -> None:
    """Check that a data set holds no question that models are aligned by, in any language.

    Texts are equal if they are but for case, spaces and the form of their characters (Unicode's
    compatibility forms).

    Parameters
    ----------
    questions_path
        The corpus artefact of the questions to align by.
    corpus_path
        The corpus artefact of a data set that is analysed, or of what it holds out.
    output
        A table of `COMPARED`.

    Raises
    ------
    InputError
        If a text of the data set is a question to align by.
    """
    questions, corpus = (read_table(path, CORPUS) for path in (questions_path, corpus_path))
    asked = {_essence(row["question"]): row_name(row) for _, row in questions.iterrows()}
    shared = corpus[corpus["question"].map(_essence).isin(asked)]
    if len(shared):
        row = shared.iloc[0]
        raise InputError(
            f"{corpus_path}: {row_name(row)}: {row['question'][:60]!r} is among the questions to "
            f"align by ({questions_path}: {asked[_essence(row['question'])]}), as {len(shared)} of "
            f"{len(corpus)} texts are; expected none, since a model is not judged by what it was "
            "trained on: take these problems out of alignment.questions or of the data set"
        )
    provenance = {"inputs": [str(questions_path), str(corpus_path)]}
    sizes = {"texts": [len(corpus)], "questions": [len(questions)]}
    write_table(pd.DataFrame(sizes), output, COMPARED, provenance)


def _essence(text: str) -> str:
    """Return what is alike in texts that count as equal."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
