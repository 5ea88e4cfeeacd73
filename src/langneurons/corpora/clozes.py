"""One phrasing of a fact in one language, and what it must be for models to be measured by it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from langneurons.errors import InputError


@dataclass(frozen=True)
class Cloze:
    """One phrasing of a fact in one language.

    Attributes
    ----------
    fact, relation, phrasing
        Shared by all languages.
    question
        The prompt, which ends right before the answer.
    candidates
        The answer among others; the same facts' answers in each language, in the same order.
    source
        File and line, for messages.
    cue
        Whether the answer begins like the name that is asked about; None if that is not known.
    """

    fact: str
    relation: str
    phrasing: int
    language: str
    question: str
    answer: str
    candidates: tuple[str, ...]
    source: str
    cue: bool | None = None


def one_begins_with_other(one: str, other: str) -> bool:
    """Tell whether one of two texts begins with the other."""
    return one.startswith(other) or other.startswith(one)


def check_clozes(clozes: Iterable[Cloze], languages: Sequence[str]) -> None:
    """Refuse facts by which models cannot be measured.

    Raises
    ------
    InputError
        If a phrasing is there twice, or lacks a language; if an answer is not among its candidates,
        there are fewer than two of these, one begins with another, or a language has more of them;
        if a prompt ends in white space.
    """
    first: dict[tuple[str, int], dict[str, Cloze]] = {}
    for cloze in clozes:
        _check_candidates(cloze)
        if cloze.question != cloze.question.rstrip():
            raise InputError(
                f"{_place(cloze)}: the prompt ends in white space, expected none: what joins it to "
                "its answer depends on the language"
            )
        known = first.setdefault((cloze.fact, cloze.phrasing), {})
        if cloze.language in known:
            raise InputError(
                f"{_place(cloze)}: found already at {known[cloze.language].source}, expected each "
                "phrasing of a fact once a language"
            )
        known[cloze.language] = cloze
    for known in first.values():
        one = next(iter(known.values()))
        missing = [language for language in languages if language not in known]
        if missing:
            raise InputError(
                f"{_place(one)}: not found in {' '.join(missing)}, expected each phrasing of a "
                f"fact in all of {' '.join(languages)}"
            )
        for other in known.values():
            if len(other.candidates) != len(one.candidates):
                raise InputError(
                    f"{_place(other)}: found {len(other.candidates)} candidates, expected "
                    f"{len(one.candidates)} as in {one.language}"
                )


def _check_candidates(cloze: Cloze) -> None:
    if len(cloze.candidates) < 2:
        raise InputError(
            f"{_place(cloze)}: found {len(cloze.candidates)} candidate, expected at least 2"
        )
    if cloze.answer not in cloze.candidates:
        raise InputError(
            f"{_place(cloze)}: the answer {cloze.answer!r} is not among the candidates "
            f"{', '.join(cloze.candidates)}"
        )
    for index, one in enumerate(cloze.candidates):
        for other in cloze.candidates[index + 1 :]:
            if one_begins_with_other(one, other):
                raise InputError(
                    f"{_place(cloze)}: of the candidates {one!r} and {other!r} one begins with the "
                    "other, expected none to: the shorter would be likelier"
                )


def _place(cloze: Cloze) -> str:
    return f"{cloze.source}: fact {cloze.fact!r}, phrasing {cloze.phrasing}, {cloze.language}"
