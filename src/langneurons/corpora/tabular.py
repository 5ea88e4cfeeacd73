"""Tables with any column names: JSON lines, CSV, TSV, Parquet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from langneurons.corpora.entries import Entry, demand, demand_languages, entry_of, matching_language
from langneurons.corpora.files import Row, read_rows
from langneurons.errors import InputError

LANGUAGE_FIELD = "{language}"


def read_tabular(dataset: Mapping[str, Any], languages: Sequence[str]) -> Iterator[Entry]:
    """Yield the problems of one table, or of one per language if the path has ``{language}``.

    ``dataset["columns"]`` maps ``question`` and, if there are such columns, ``problem``,
    ``language``, ``answer`` and ``response`` to column names; see `entries_of_rows`.

    Raises
    ------
    InputError
        If a file is missing or malformed, or columns are missing.
    """
    path, columns = str(dataset["path"]), dataset["columns"]
    per_language = LANGUAGE_FIELD in path
    demand_columns(columns, per_language)
    if not per_language:
        yield from entries_of_rows(read_rows(path), columns, languages, path)
        return
    for language in languages:
        file = path.replace(LANGUAGE_FIELD, language)
        yield from entries_of_language(read_rows(file), columns, language, file)


def demand_columns(columns: Mapping[str, str], per_language: bool) -> None:
    """Check that ``columns`` names the question, and the language if nothing else does.

    Raises
    ------
    InputError
        If the question is not named, or the language is given twice or not at all.
    """
    if "question" not in columns:
        raise InputError(
            f"key 'columns' has {', '.join(columns) or 'nothing'}, expected 'question'"
        )
    if per_language == ("language" in columns):
        found = "both" if per_language else "neither"
        raise InputError(
            f"{found} of {LANGUAGE_FIELD} in the path and 'language' in 'columns' found, "
            "expected one of them"
        )


def entries_of_rows(
    rows: Iterable[Row], columns: Mapping[str, str], languages: Sequence[str], path: str
) -> Iterator[Entry]:
    """Yield the entries of rows that name their language, by code or English name.

    Rows in other languages are skipped. Rows are grouped by language, and each group is read as in
    `entries_of_language`.

    Raises
    ------
    InputError
        If a language has no rows.
    """
    found: set[str] = set()
    groups: dict[str, list[Row]] = {}
    for source, row in rows:
        value = demand(row, columns["language"], source)
        language = matching_language(value, languages, found)
        if language is not None:
            groups.setdefault(language, []).append((source, row))
    demand_languages(languages, groups, found, path)
    for language, group in groups.items():
        yield from entries_of_language(group, columns, language, path)


def entries_of_language(
    rows: Iterable[Row], columns: Mapping[str, str], language: str, path: str
) -> Iterator[Entry]:
    """Yield the entries of rows in one language.

    Without a ``problem`` column, a problem is named by its position. A ``response`` is a text or a
    list of texts; rows that differ only in the response are samples of one problem.

    Raises
    ------
    InputError
        If there are no rows, or a row lacks one of the columns.
    """
    entries: dict[str, Entry] = {}
    for position, (source, row) in enumerate(rows, start=1):
        problem, answer = (
            demand(row, columns[key], source) if key in columns else None
            for key in ("problem", "answer")
        )
        place = (source, language, position)
        entry = entry_of(row, columns["question"], *place, problem, answer)
        entry = replace(entry, responses=_responses(row, columns, source))
        known = entries.get(entry.problem)
        if known is None:
            entries[entry.problem] = entry
        elif "response" in columns and _same_problem(known, entry):
            responses = known.responses + entry.responses
            entries[entry.problem] = replace(known, responses=responses)
        else:
            raise InputError(
                f"{source}: problem {entry.problem!r} was found in {language} already at "
                f"{known.source}, expected each problem once a language"
            )
    if not entries:
        raise InputError(f"{path}: no rows")
    yield from entries.values()


def _responses(row: Mapping[str, Any], columns: Mapping[str, str], source: str) -> tuple[str, ...]:
    if "response" not in columns:
        return ()
    value = demand(row, columns["response"], source)
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise InputError(
            f"{source}: {columns['response']!r} is {value!r}, expected a text or a list of texts"
        )
    return tuple(texts)


def _same_problem(one: Entry, other: Entry) -> bool:
    return one.question == other.question and one.answer == other.answer
