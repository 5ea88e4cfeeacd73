"""Problems with model responses in the JSON that the authors' released code reads."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from langneurons.corpora.entries import Entry, demand, demand_languages, entry_of, matching_language
from langneurons.corpora.files import Row, read_json_rows
from langneurons.errors import InputError

_SUFFIXES = (".json", ".jsonl")


def read_released(dataset: Mapping[str, Any], languages: Sequence[str]) -> Iterator[Entry]:
    """Yield the problems of a JSON file, or of all JSON files in a folder, sorted by name.

    An object has ``lang`` (English name or code), ``instruction``, ``answers`` (a list of objects
    whose ``generated`` is a response) and optionally ``answer`` (the number). The released code
    puts ``generated`` right after ``instruction``, which is therefore a whole prompt: the template
    ``"{query}"`` reproduces its input.
    A problem is named by ``id`` or ``idx`` or, failing these, by its position within its language.
    Rows in other languages are skipped.

    Raises
    ------
    InputError
        If nothing is found, an object lacks a field, or a language has no rows.
    """
    path = Path(dataset["path"])
    positions: Counter[str] = Counter()
    found: set[str] = set()
    for source, row in _rows(path):
        language = matching_language(demand(row, "lang", source), languages, found)
        if language is None:
            continue
        positions[language] += 1
        problem, answer = row.get("id", row.get("idx")), row.get("answer")
        place = (source, language, positions[language])
        entry = entry_of(row, "instruction", *place, problem, answer)
        yield replace(entry, responses=_responses(row, source))
    demand_languages(languages, positions, found, path)


def _rows(path: Path) -> Iterator[Row]:
    if not path.is_dir():
        yield from read_json_rows(path)
        return
    files = sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES)
    if not files:
        raise InputError(f"{path}: no {' or '.join(_SUFFIXES)} files in this folder")
    for file in files:
        yield from read_json_rows(file)


def _responses(row: Mapping[str, Any], source: str) -> tuple[str, ...]:
    answers = demand(row, "answers", source)
    if not isinstance(answers, list):
        raise InputError(f"{source}: 'answers' is {answers!r}, expected a list of objects")
    responses = []
    for answer in answers:
        if not isinstance(answer, dict) or not isinstance(answer.get("generated"), str):
            raise InputError(
                f"{source}: 'answers' holds {answer!r}, expected an object whose 'generated' "
                "is a text"
            )
        responses.append(answer["generated"])
    return tuple(responses)
