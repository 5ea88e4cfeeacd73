"""What every reader yields: one problem in one language, and where it was found."""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from langneurons.corpora.languages import ENGLISH_NAMES
from langneurons.errors import InputError

# Commas are separators only between groups of three digits: "3,4" is not an answer to guess at.
_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")
_CODES = {name.casefold(): code for code, name in ENGLISH_NAMES.items()}


@dataclass(frozen=True)
class Entry:
    """One problem in one language.

    Attributes
    ----------
    problem
        Identifier shared by all languages.
    language
        ISO 639-1 code.
    question
        The text of the problem.
    answer
        The number that solves the problem; None if the data has none.
    source
        File and line, or row, for error messages.
    responses
        The responses that came with the data, often none.
    """

    problem: str
    language: str
    question: str
    answer: float | None
    source: str
    responses: tuple[str, ...] = field(default=())


def ordinal(position: int) -> str:
    """Name a problem by its 1-based position, padded so that names sort like numbers."""
    return f"{position:04d}"


def problem_name(value: Any) -> str:
    """Name a problem by its identifier in the data, padding bare numbers as in `ordinal`."""
    text = str(value).strip()
    return text.zfill(4) if text.isdecimal() else text


def language_code(value: Any) -> str | None:
    """Return the code of a language given by code or English name; None if it is neither."""
    text = str(value).strip().casefold()
    return text if text in ENGLISH_NAMES else _CODES.get(text)


def entry_of(
    row: Mapping[str, Any],
    question: str,
    source: str,
    language: str,
    position: int,
    problem: Any,
    answer: Any,
) -> Entry:
    """Return the entry of a row, without responses.

    Parameters
    ----------
    question
        The field that holds the question.
    position
        Names the problem if ``problem`` is None; counted from 1.
    problem, answer
        The identifier and the number as they are in the data, or None.
    """
    return Entry(
        ordinal(position) if problem is None else problem_name(problem),
        language,
        demand_text(row, question, source),
        None if answer is None else parse_answer(answer, source),
        source,
    )


def matching_language(value: Any, languages: Collection[str], found: set[str]) -> str | None:
    """Return the code of ``value`` if it is among ``languages``; add ``value`` to ``found``."""
    found.add(str(value))
    code = language_code(value)
    return code if code in languages else None


def demand_languages(
    languages: Collection[str], present: Collection[str], found: Collection[str], path: Any
) -> None:
    """Raise an `InputError` if one of ``languages`` has no row in the file."""
    missing = [language for language in languages if language not in present]
    if missing:
        raise InputError(
            f"{path}: no rows in {' '.join(missing)}; the languages found are "
            f"{', '.join(sorted(found)) or 'none'}"
        )


def demand(row: Mapping[str, Any], key: str, source: str) -> Any:
    """Return ``row[key]``.

    Raises
    ------
    InputError
        If the field is missing or null.
    """
    if key not in row:
        raise InputError(f"{source}: no field {key!r}, the fields are {', '.join(row)}")
    value = row[key]
    if value is None or (isinstance(value, float) and math.isnan(value)):
        raise InputError(f"{source}: the field {key!r} is null")
    return value


def demand_text(row: Mapping[str, Any], key: str, source: str) -> str:
    """Return the text ``row[key]``, which must not be blank."""
    value = demand(row, key, source)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{source}: {key!r} is {value!r}, expected a text that is not empty")
    return value


def parse_answer(value: Any, source: str) -> float:
    """Return an answer as a number; a text may have thousands separators ("114,200").

    Raises
    ------
    InputError
        If it is not a finite number.
    """
    if isinstance(value, str):
        text = value.strip()
        if _NUMBER.fullmatch(text):
            return float(text.replace(",", ""))
    elif not isinstance(value, bool):
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if math.isfinite(number):
            return number
    raise InputError(f"{source}: the answer is {value!r}, expected a number")
