"""Three problems in two languages, and what writes the responses to them."""

import pandas as pd

from langneurons.artifacts.tables import read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.responses.collection import write_responses
from langneurons.responses.given import write_given_responses
from langneurons.responses.schemas import RESPONSES

TEMPLATE = "{lang} : {query}"
QUESTIONS = {
    ("0001", "en"): "how many",
    ("0001", "de"): "wie viele sind es jetzt",
    ("0002", "en"): "a",
    ("0002", "de"): "und wie viele",
    ("0003", "en"): "how many are left now",
    ("0003", "de"): "b",
}


def small_corpus():
    return pd.DataFrame(
        [
            {
                "problem": problem,
                "language": language,
                "question": question,
                "answer": float(problem),
                "responses": [],
            }
            for (problem, language), question in QUESTIONS.items()
        ]
    )


def write_and_read(corpus, folder, spec=None, **kwargs):
    """Write and read the responses of a model, or without one those of the corpus."""
    write_table(corpus, folder / "corpus.parquet", CORPUS)
    arguments = {
        "corpus_path": folder / "corpus.parquet",
        "output": folder / "responses.parquet",
        "template": TEMPLATE,
        "languages": ["en", "de"],
        **kwargs,
    }
    if spec is None:
        write_given_responses(**arguments)
    else:
        write_responses(spec=spec, **{"progress": False, **arguments})
    return read_table(arguments["output"], RESPONSES)
