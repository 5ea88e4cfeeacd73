"""Facts about countries in any language: capitals and currencies, as Unicode CLDR names them.

The CLDR (as babel ships it) does not say which time zone's city is a capital, nor what a currency
is called for short. Both are in tables of a folder, as are the phrasings: see
resources/facts/README.md.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import get_currency_name

from langneurons.corpora.entries import demand, demand_text
from langneurons.corpora.files import Row, read_separated_rows
from langneurons.corpora.scripts import LATIN, scripts_of
from langneurons.errors import InputError

CAPITAL, CURRENCY = RELATIONS = ("capital", "currency")
#: Relation → the column of territories.csv that decides its answer.
_COLUMNS = {CAPITAL: "zone", CURRENCY: "currency"}
_ENGLISH = Locale("en")
_FIELD = "{country}"
_BRACKETS = set("()[]（）")
_SOFT_HYPHEN = "\N{SOFT HYPHEN}"
#: How many letters an answer has in common with a country's name to be a cue; a Chinese character
#: says as much alone.
_CUE = 3


@dataclass(frozen=True)
class Fact:
    """One fact about a country, in all languages.

    Attributes
    ----------
    name
        Relation and ISO 3166 code, such as ``capital-FR``.
    relation
        One of `RELATIONS`.
    countries, answers
        Language → the country's name, and the answer.
    """

    name: str
    relation: str
    countries: Mapping[str, str]
    answers: Mapping[str, str]


def facts_of_countries(
    folder: str | Path, relations: Sequence[str], languages: Sequence[str]
) -> tuple[list[Fact], dict[str, str]]:
    """Return all facts of some relations that can be asked in all languages.

    Parameters
    ----------
    folder
        Has ``territories.csv``, ``currencies.csv`` and ``{language}.yaml``.

    Returns
    -------
    facts
        In the order of the territories, one relation after the other.
    left_out
        Name of a fact → why it is left out: a language has no name of its own for country or
        answer, a name has a bracket, or answer and country contain one another.

    Raises
    ------
    InputError
        If a table is malformed, or the CLDR does not know a language.
    """
    rows = list(read_separated_rows(Path(folder, "territories.csv"), ","))
    locales = {language: _locale(language) for language in languages}
    short = _short_names(Path(folder, "currencies.csv"))
    kept, left_out, seen = [], {}, set()
    for relation in relations:
        for source, row in rows:
            code = _known(row, "territory", _ENGLISH.territories, source)
            name = f"{relation}-{code}"
            if name in seen:
                raise InputError(f"{source}: found territory {code!r} again, expected it once")
            seen.add(name)
            if not row.get(_COLUMNS[relation]):
                continue
            if relation == CAPITAL:
                _check_zone(row["zone"], code, source)
                answers = {one: _capital(locales[one], row["zone"]) for one in languages}
            else:
                paid = _known(row, "currency", _ENGLISH.currencies, source)
                answers = {one: _currency(locales[one], paid, short) for one in languages}
            countries = {one: locales[one].territories.get(code) for one in languages}
            reason = _unfit(countries, answers)
            if reason:
                left_out[name] = reason
                continue
            texts = (
                {one: str(text) for one, text in both.items()} for both in (countries, answers)
            )
            kept.append(Fact(name, relation, *texts))
    return kept, left_out


def read_phrasings(folder: str | Path, language: str, relation: str, number: int) -> list[str]:
    """Return the first phrasings of a relation in a language, each with the field ``{country}``.

    Raises
    ------
    InputError
        If the file is missing or malformed, or has fewer; if one lacks the field, ends in white
        space, or is there twice.
    """
    path = Path(folder, f"{language}.yaml")
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file, expected the phrasings in {language!r}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: malformed YAML ({' '.join(str(error).split())})") from None
    phrasings = found.get(relation) if isinstance(found, dict) else None
    if not isinstance(phrasings, list) or len(phrasings) < number:
        count = len(phrasings) if isinstance(phrasings, list) else "no list of"
        raise InputError(
            f"{path}: {relation}: found {count} phrasings, expected at least {number} (key "
            "'phrasings' of the data set)"
        )
    for phrasing in phrasings[:number]:
        if not isinstance(phrasing, str) or phrasing.count(_FIELD) != 1:
            raise InputError(
                f"{path}: {relation}: found {phrasing!r}, expected a text with {_FIELD} once"
            )
    if len(set(phrasings)) < len(phrasings):
        raise InputError(f"{path}: {relation}: found a phrasing twice, expected different ones")
    return phrasings[:number]


def question_about(country: str, phrasing: str) -> str:
    """Return a phrasing with a country's name in it."""
    return phrasing.replace(_FIELD, country)


def begin_alike(answer: str, country: str) -> bool:
    """Tell whether an answer begins like a country's name, which may give it away.

    That is with the same three letters, or the same Chinese character.
    """
    letters = 1 if unicodedata.name(answer[0], "").startswith("CJK UNIFIED") else _CUE
    return answer[:letters].casefold() == country[:letters].casefold()


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        raise InputError(
            f"the Unicode CLDR has no names in {language!r}, expected another language or facts of "
            "your own (key 'path')"
        ) from None


def _known(row: Mapping[str, Any], key: str, names: Mapping[str, str], source: str) -> str:
    """Return a code that English has a name for."""
    code = demand_text(row, key, source)
    if code not in names:
        raise InputError(
            f"{source}: {key} {code!r} is unknown, expected a code that the Unicode CLDR has"
        )
    return code


def _check_zone(zone: str, code: str, source: str) -> None:
    # The CLDR keeps a zone's first name; babel's table of countries has its newest one.
    found = get_global("zone_territories").get(get_global("zone_aliases").get(zone, zone))
    if found != code:
        raise InputError(
            f"{source}: zone {zone!r} is {f'in {found}' if found else 'unknown'}, expected a zone "
            f"of {code} as the Unicode CLDR names it, such as Europe/Kiev"
        )


def _capital(locale: Locale, zone: str) -> str | None:
    """Return the city of a time zone; None where a language has no name of its own for it."""
    city = locale.time_zones.get(zone, {}).get("city")
    # A locale leaves out a city whose name is the last part of the zone's, in Latin letters.
    if city is None and scripts_of(locale.language) == (LATIN,):
        city = zone.rpartition("/")[2].replace("_", " ")
    return None if city is None else _plain(city)


def _currency(locale: Locale, code: str, short: Mapping[str, Row]) -> str | None:
    """Return a currency's name: what the table calls it for short, else all of it."""
    if code not in locale.currencies:
        return None
    name = _plain(get_currency_name(code, 1, locale=locale))
    place, row = short.get(code, ("", {}))
    called: str = row.get(locale.language) or name
    if called.casefold() not in name.casefold():
        raise InputError(
            f"{place}: {code} is called {called!r} in {locale.language}, expected a part of the "
            f"Unicode CLDR's name, {name!r}"
        )
    return called


def _short_names(path: Path) -> dict[str, Row]:
    """Return currency → place and row, with a column for each language."""
    rows = read_separated_rows(path, ",")
    return {str(demand(row, "currency", source)): (source, row) for source, row in rows}


def _plain(name: str) -> str:
    return name.replace(_SOFT_HYPHEN, "").strip()


def _unfit(countries: Mapping[str, str | None], answers: Mapping[str, str | None]) -> str | None:
    """Say why a fact cannot be asked, or None."""
    for language, answer in answers.items():
        country = countries[language]
        if answer is None or country is None:
            return f"no name in {language}"
        bracketed = next((one for one in (answer, country) if _BRACKETS & set(one)), None)
        if bracketed:
            return f"{bracketed!r} has a bracket ({language})"
        one, other = answer.casefold(), country.casefold()
        if one in other or other in one:
            return f"{answer!r} and {country!r} contain one another ({language})"
    return None
