"""MSVAMP: a file per language, a JSON object per line (Chen et al., MathOctopus, 2310.20246)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langneurons.corpora.entries import Entry, demand, demand_text, ordinal, parse_answer
from langneurons.corpora.files import demand_folder, read_json_rows
from langneurons.corpora.languages import english_name


def read_msvamp(dataset: Mapping[str, Any], languages: Sequence[str]) -> Iterator[Entry]:
    """Yield the problems in the folder ``dataset["path"]``, named by position.

    ``m_query`` is the question in the file's language and ``response`` the number that solves it.

    Raises
    ------
    InputError
        If a file is missing, or a line is malformed or lacks a field.
    """
    folder = demand_folder(dataset["path"])
    for language in languages:
        rows = read_json_rows(folder / f"test_{english_name(language)}.json")
        for position, (source, row) in enumerate(rows, start=1):
            question = demand_text(row, "m_query", source)
            answer = parse_answer(demand(row, "response", source), source)
            yield Entry(ordinal(position), language, question, answer, source)
