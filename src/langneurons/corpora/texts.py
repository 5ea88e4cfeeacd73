"""Texts that models read as they are: a text a line, tables, or the hub."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from langneurons.corpora.entries import Entry, ordinal
from langneurons.corpora.files import read_lines
from langneurons.corpora.hub import read_hub
from langneurons.corpora.tabular import LANGUAGE_FIELD, read_tabular
from langneurons.errors import InputError


def read_texts(dataset: Mapping[str, Any], languages: Sequence[str]) -> Iterator[Entry]:
    """Yield texts, each in the place of a question.

    ``path`` names files with the field ``{language}``, ``.txt`` files or tables; or one table whose
    ``columns`` name the language; or, where there is a ``split``, a data set on the hub.
    ``columns`` are ``text`` (by default a column of that name), ``problem`` and ``language``.

    Raises
    ------
    InputError
        If a file is missing or malformed, a text is blank, or columns are missing.
    """
    if Path(dataset["path"]).suffix == ".txt":
        yield from _read_text_files(str(dataset["path"]), languages)
        return
    columns = {"text": "text", **dataset.get("columns", {})}
    renamed = {"question" if key == "text" else key: name for key, name in columns.items()}
    read = read_hub if dataset.get("split") else read_tabular
    yield from read({**dataset, "columns": renamed}, languages)


def _read_text_files(path: str, languages: Sequence[str]) -> Iterator[Entry]:
    if LANGUAGE_FIELD not in path:
        raise InputError(f"{path}: found no {LANGUAGE_FIELD} in the path, expected a file for each")
    for language in languages:
        file = path.replace(LANGUAGE_FIELD, language)
        for number, line in enumerate(read_lines(file), start=1):
            source = f"{file}:{number}"
            if not line.strip():
                raise InputError(f"{source}: the line is blank, expected a text a line")
            yield Entry(ordinal(number), language, line.strip(), None, source)
