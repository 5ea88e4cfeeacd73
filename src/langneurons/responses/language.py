"""Identify the language that a text is written in, among the configured languages only."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from langneurons.errors import InputError

if TYPE_CHECKING:
    from lingua import Language, LanguageDetector

#: The language of a text without words, which is in none: numbers, formulas, LaTeX.
WORDLESS = "none to tell"

# Calculator annotations of GSM8K-style answers and LaTeX, then numerals and the signs of
# equations: they are the same in all languages, and a response is judged by its words.
_BRACES = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
_FORMULAS = re.compile(
    r"<<[^<>]*>>"
    r"|\\\[.{0,1000}?\\\]|\\\(.{0,1000}?\\\)|\$\$[^$]{0,1000}\$\$"  # \[…\], \(…\), $$…$$
    rf"|\\(?:boxed|text|textbf|mathrm|mbox|begin|end)\s*{_BRACES}|\\[A-Za-z]+"
    r"|[\d.,:]*\d[\d.,:]*|[-+*/=<>×÷−%$€£¥฿৳₽^~|\\{}()\[\]#_]+",
    re.DOTALL,
)
# A single letter is a variable in the scripts of mathematics, and may be a word in others.
_WORD = re.compile(r"[^\W\d_]{2,}|[^\W\d_\u0000-\u052F]")
# Units and currencies that several languages spell alike.
_SHARED = re.compile(r"eur|euros?|usd|dollars?|cents?|yen|yuan|[kcm]?m|[km]?g|ml|kwh?|min", re.I)


def identify_languages(texts: Sequence[str], languages: Sequence[str]) -> list[str | None]:
    """Tell which of ``languages`` each text is written in.

    A text in any other language is assigned to the nearest of them, if it shares their script.
    Numerals, equations, LaTeX with all that is in it, and names of units and currencies that
    several languages share, such as Euro, decide no language: a text without other words is in
    none of them, which is apart from being in a wrong one.

    Parameters
    ----------
    texts
        Texts of any length.
    languages
        ISO 639-1 codes, at least two.

    Returns
    -------
    list
        A code for each text, `WORDLESS` where there is nothing to tell it by, or None where no
        language is likelier than the others.

    Raises
    ------
    InputError
        If fewer than two languages are given, or the identifier does not know one of them.
    """
    check_languages(languages)
    detector = _detector(tuple(languages))
    words = [_FORMULAS.sub(" ", text) for text in texts]
    found = detector.detect_languages_in_parallel_of(words)
    codes = [None if one is None else one.iso_code_639_1.name.lower() for one in found]
    return [WORDLESS if _wordless(text) else code for text, code in zip(words, codes, strict=True)]


def _wordless(text: str) -> bool:
    """Tell whether a text without formulas has no word that could belong to one language."""
    return all(_SHARED.fullmatch(word) for word in _WORD.findall(text))


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
