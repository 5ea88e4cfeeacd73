"""Facts of your own, in a table of any of the usual kinds."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from langneurons.corpora.clozes import Cloze
from langneurons.corpora.entries import demand, demand_languages, demand_text, matching_language
from langneurons.corpora.files import read_rows
from langneurons.errors import InputError

#: Between the candidates in a cell of a CSV or TSV file.
SEPARATOR = "|"
#: The relation of facts that name none.
_NO_RELATION = "fact"


def read_facts(path: str | Path, languages: Sequence[str]) -> Iterator[Cloze]:
    """Yield facts of a table: JSON lines, CSV, TSV or Parquet.

    Its columns are ``fact`` (a name that languages and phrasings share), ``language`` (code or
    English name), ``phrasing`` (a number), ``prompt``, ``answer``, ``candidates`` (a list, or texts
    with ``|`` between them) and, if there is one, ``relation``. Rows in other languages are left
    out.

    Raises
    ------
    InputError
        If a column is missing, a text is blank, a prompt ends in white space, or a phrasing is no
        number; if a language has no rows.
    """
    found: set[str] = set()
    present: set[str] = set()
    for source, row in read_rows(path):
        language = matching_language(demand(row, "language", source), languages, found)
        if language is None:
            continue
        present.add(language)
        yield Cloze(
            fact=str(demand(row, "fact", source)).strip(),
            relation=str(row.get("relation") or _NO_RELATION).strip(),
            phrasing=_number(demand(row, "phrasing", source), source),
            language=language,
            question=demand_text(row, "prompt", source),
            answer=demand_text(row, "answer", source).strip(),
            candidates=_texts(demand(row, "candidates", source), source),
            source=source,
        )
    demand_languages(languages, present, found, path)


def _number(value: Any, source: str) -> int:
    text = str(value).strip()
    if not text.isdecimal():
        raise InputError(f"{source}: 'phrasing' is {value!r}, expected a number")
    return int(text)


def _texts(value: Any, source: str) -> tuple[str, ...]:
    texts = value.split(SEPARATOR) if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(
        isinstance(one, str) and one.strip() for one in texts
    ):
        raise InputError(
            f"{source}: 'candidates' is {value!r}, expected texts, as a list or with {SEPARATOR!r} "
            "between them"
        )
    return tuple(text.strip() for text in texts)
