"""Identify the language that a text is written in, among the configured languages only."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from langneurons.errors import InputError

if TYPE_CHECKING:
    from lingua import Language, LanguageDetector

# Calculator annotations of GSM8K-style answers, then numerals and the signs of equations: they
# are the same in all languages, and a response is judged by its words.
_FORMULAS = re.compile(r"<<[^<>]*>>|[\d.,:]*\d[\d.,:]*|[-+*/=<>×÷−%$€£¥฿৳₽^~|\\{}()\[\]#_]+")


def identify_languages(texts: Sequence[str], languages: Sequence[str]) -> list[str | None]:
    """Tell which of ``languages`` each text is written in.

    A text in any other language is assigned to the nearest of them, if it shares their script.

    Parameters
    ----------
    texts
        Texts of any length; numerals and equations in them are ignored.
    languages
        ISO 639-1 codes, at least two.

    Returns
    -------
    list
        A code for each text, or None where no language is likelier than the others.

    Raises
    ------
    InputError
        If fewer than two languages are given, or the identifier does not know one of them.
    """
    check_languages(languages)
    detector = _detector(tuple(languages))
    words = [_FORMULAS.sub(" ", text) for text in texts]
    found = detector.detect_languages_in_parallel_of(words)
    return [None if one is None else one.iso_code_639_1.name.lower() for one in found]


def check_languages(languages: Sequence[str]) -> None:
    """Check that languages can be told apart, before any work.

    Raises
    ------
    InputError
        If fewer than two languages are given, or the identifier does not know one of them.
    """
    if len(set(languages)) < 2:
        raise InputError(
            f"languages: found {' '.join(languages) or 'none'}, expected at least two to tell apart"
        )
    known = _known_languages()
    lacking = [language for language in languages if language not in known]
    if lacking:
        raise InputError(
            f"languages: the language identifier lacks {' '.join(lacking)}, expected some of "
            f"{' '.join(sorted(known))}"
        )


@lru_cache(maxsize=1)
def _known_languages() -> "dict[str, Language]":
    from lingua import Language

    return {language.iso_code_639_1.name.lower(): language for language in Language.all()}


@lru_cache(maxsize=4)
def _detector(languages: tuple[str, ...]) -> "LanguageDetector":
    from lingua import LanguageDetectorBuilder

    chosen = [_known_languages()[language] for language in dict.fromkeys(languages)]
    return LanguageDetectorBuilder.from_languages(*chosen).build()
