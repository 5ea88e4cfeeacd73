"""MGSM: one TSV file per language, question and answer, no header (Shi et al., 2210.03057)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langneurons.corpora.entries import Entry, ordinal, parse_answer
from langneurons.corpora.files import demand_folder, read_lines
from langneurons.errors import InputError


def read_mgsm(dataset: Mapping[str, Any], languages: Sequence[str]) -> Iterator[Entry]:
    """Yield the problems in the folder ``dataset["path"]``, named by line number.

    Lines are split at tabs by hand: fields are not quoted, and questions contain quotes.

    Raises
    ------
    InputError
        If a file is missing or a line is not question, tab, number.
    """
    folder = demand_folder(dataset["path"])
    for language in languages:
        path = folder / f"mgsm_{language}.tsv"
        for number, line in enumerate(read_lines(path), start=1):
            source = f"{path}:{number}"
            fields = line.split("\t")
            if len(fields) != 2:
                raise InputError(
                    f"{source}: {len(fields)} tab-separated fields, expected 2 "
                    "(question and answer)"
                )
            question, answer = fields
            if not question.strip():
                raise InputError(f"{source}: the question is empty")
            yield Entry(ordinal(number), language, question, parse_answer(answer, source), source)
