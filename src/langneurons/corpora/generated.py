"""Parallel arithmetic word problems in ten languages, for the demo.

A problem is a template (who does what) with operands, two people and an item. Templates,
people and items correspond across languages, so that a problem says the same in all of them.
The words live in ``templates/{language}.yaml``; this module knows only numbers, and the one
grammatical rule that depends on a number (the Russian noun after a numeral).

Slots of a sentence: ``{a}``, ``{b}``, ``{c}`` operands, ``{s}`` the result of the first of two
steps, ``{r}`` the answer; ``{name}``, ``{friend}``, ``{item}`` in their basic form;
``{item:form}`` a form listed with the word; ``{item:a}`` the form that goes with the number
``a``.
"""

import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import product, zip_longest
from typing import Any

import pandas as pd
import yaml

from langneurons.errors import InputError

LANGUAGES = ("en", "ru", "es", "fr", "de", "zh", "ja", "bn", "th", "sw")
SPLITS = ("training", "evaluation")
PEOPLE = ITEMS = 8
EVALUATION_SHARE = 8  # one set of operands in eight

Numbers = dict[str, int]


@dataclass(frozen=True)
class Problem:
    """What a problem tells and asks, independent of language."""

    template: str
    numbers: Numbers
    person: int
    friend: int
    item: int


def _additions() -> Iterator[Numbers]:
    for a, b in product(range(2, 21), repeat=2):
        yield {"a": a, "b": b, "r": a + b}


def _subtractions() -> Iterator[Numbers]:
    for a in range(4, 21):
        for b in range(2, a - 1):
            yield {"a": a, "b": b, "r": a - b}


def _multiplications() -> Iterator[Numbers]:
    for a, b in product(range(2, 10), repeat=2):
        yield {"a": a, "b": b, "r": a * b}


def _divisions() -> Iterator[Numbers]:
    for b, r in product(range(2, 10), repeat=2):
        yield {"a": b * r, "b": b, "r": r}


def _addition_then_subtraction() -> Iterator[Numbers]:
    for a, b in product(range(2, 11), repeat=2):
        for c in range(2, min(a + b - 1, 10)):
            yield {"a": a, "b": b, "c": c, "s": a + b, "r": a + b - c}


def _multiplication_then_addition() -> Iterator[Numbers]:
    for a, b, c in product(range(2, 7), range(2, 7), range(2, 10)):
        yield {"a": a, "b": b, "c": c, "s": a * b, "r": a * b + c}


def _multiplication_then_subtraction() -> Iterator[Numbers]:
    for b, c, r in product(range(2, 6), range(2, 6), range(2, 16)):
        yield {"a": b * c + r, "b": b, "c": c, "s": b * c, "r": r}


# Every number is at least 2, so no language needs the form for a single thing after a numeral
# (except Russian after 21, 31 ..., which its rule covers).
TEMPLATES: dict[str, Callable[[], Iterator[Numbers]]] = {
    "receive": _additions,
    "together": _additions,
    "give": _subtractions,
    "difference": _subtractions,
    "missing": _subtractions,
    "boxes": _multiplications,
    "price": _multiplications,
    "share": _divisions,
    "packing": _divisions,
    "buy_then_give": _addition_then_subtraction,
    "boxes_and_more": _multiplication_then_addition,
    "shopping": _multiplication_then_subtraction,
}


def generate(languages: list[str], split: str, problems: int, seed: int) -> pd.DataFrame:
    """Write a parallel corpus of arithmetic word problems with worked responses.

    Templates take turns, so that each has the same share of the problems as long as it has
    enough. The choice of problems depends only on `split`, `problems` and `seed`; a longer
    corpus begins with the problems of a shorter one.

    Parameters
    ----------
    languages
        Codes of `LANGUAGES`, in the order of the rows of a problem.
    split
        "training" or "evaluation". A hash that does not depend on the seed assigns each template
        with its operands to one of the two, so that corpora of different splits are always
        disjoint.
    problems
        Number of problems; the corpus has ``problems * len(languages)`` rows.
    seed
        Seed of the choice and order of problems, people and items.

    Returns
    -------
    pandas.DataFrame
        One row per problem and language: ``problem`` ("evaluation-00012"), ``language``,
        ``question``, ``answer`` (float64), ``responses`` (a list of one text whose last number
        is the answer). No question occurs twice in a language.

    Raises
    ------
    InputError
        For an unknown language or split, a repeated language, or a number of problems that is
        not positive or more than exist.
    """
    _check(languages, split, problems)
    rows = [
        {
            "problem": f"{split}-{index:05d}",
            "language": language,
            "question": write(problem, language, "question"),
            "answer": float(problem.numbers["r"]),
            "responses": [write(problem, language, "response")],
        }
        for index, problem in enumerate(choose(split, problems, seed))
        for language in languages
    ]
    return pd.DataFrame(rows)


def available(split: str) -> int:
    """Number of distinct problems in a split: its operands, with any person and any item."""
    return sum(len(_keys(template, split)) for template in TEMPLATES) * PEOPLE * ITEMS


def _check(languages: list[str], split: str, problems: int) -> None:
    supported = ", ".join(LANGUAGES)
    if not languages:
        raise InputError(f"languages: found none; expected some of {supported}")
    for language in languages:
        if language not in LANGUAGES:
            raise InputError(f"languages: found {language!r}; expected some of {supported}")
    if len(set(languages)) < len(languages):
        raise InputError(f"languages: found {languages}; expected each language once")
    if split not in SPLITS:
        raise InputError(f"split: found {split!r}; expected one of {', '.join(SPLITS)}")
    if not 1 <= problems <= available(split):
        raise InputError(
            f"problems: found {problems}; expected 1 to {available(split)} in the {split} split"
        )


@cache
def _keys(template: str, split: str) -> list[Numbers]:
    """The operands of a template that belong to a split."""
    keys = []
    for numbers in TEMPLATES[template]():
        operands = "-".join(str(numbers[slot]) for slot in "abc" if slot in numbers)
        in_evaluation = zlib.crc32(f"{template}-{operands}".encode()) % EVALUATION_SHARE == 0
        if in_evaluation == (split == "evaluation"):
            keys.append(numbers)
    return keys


def choose(split: str, problems: int, seed: int) -> list[Problem]:
    """The problems of a corpus: the first in the split's order under this seed."""
    orders = [_order(template, split, seed) for template in TEMPLATES]
    turns = (problem for turn in zip_longest(*orders) for problem in turn if problem is not None)
    return [problem for problem, _ in zip(turns, range(problems), strict=False)]


def _order(template: str, split: str, seed: int) -> Iterator[Problem]:
    """All problems of a template; every key occurs once before any recurs with other people."""
    chance = random.Random(f"{seed}-{split}-{template}")
    keys = list(_keys(template, split))
    chance.shuffle(keys)
    variants = [chance.sample(range(PEOPLE * ITEMS), PEOPLE * ITEMS) for _ in keys]
    for turn in range(PEOPLE * ITEMS):
        for numbers, variant in zip(keys, variants, strict=True):
            person, item = divmod(variant[turn], ITEMS)
            friend = (person + chance.randrange(1, PEOPLE)) % PEOPLE
            yield Problem(template, numbers, person, friend, item)


class _Word:
    """A word of a sentence, in the form that the slot asks for."""

    def __init__(self, forms: str | dict[str, str], numbers: Numbers):
        self.forms = {"base": forms} if isinstance(forms, str) else forms
        self.numbers = numbers

    def __format__(self, form: str) -> str:
        if form in self.numbers:
            form = form_after_numeral(self.numbers[form])
        return self.forms[form or "base"]


def form_after_numeral(number: int) -> str:
    """The form of a Russian noun after a numeral: one (1, 21), few (2–4, 22–24) or many."""
    if number % 10 == 1 and number % 100 != 11:
        return "one"
    if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14):
        return "few"
    return "many"


def write(problem: Problem, language: str, text: str) -> str:
    """The ``question`` or ``response`` of a problem in a language, whatever its numbers."""
    lexicon = _lexicon(language)
    words = {
        "name": lexicon["people"][problem.person],
        "friend": lexicon["people"][problem.friend],
        "item": lexicon["items"][problem.item],
    } | lexicon.get("words", {})
    sentences = lexicon["templates"][problem.template][text]
    numbers = problem.numbers
    slots = {slot: _Word(forms, numbers) for slot, forms in words.items()}
    return sentences.format(**numbers, **slots)


@cache
def _lexicon(language: str) -> dict[str, Any]:
    file = resources.files("langneurons.corpora") / "templates" / f"{language}.yaml"
    return yaml.safe_load(file.read_text(encoding="utf-8"))
