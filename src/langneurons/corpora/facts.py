"""Facts to be completed: a prompt that ends right before its answer, and ten candidates for it."""

import logging
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from langneurons.artifacts.tables import write_table
from langneurons.corpora.clozes import Cloze, check_clozes, one_begins_with_other
from langneurons.corpora.countries import (
    Fact,
    begin_alike,
    facts_of_countries,
    question_about,
    read_phrasings,
)
from langneurons.corpora.fact_tables import read_facts
from langneurons.corpora.languages import english_name
from langneurons.corpora.schema import FACTS
from langneurons.errors import InputError

logger = logging.getLogger(__name__)


def build_facts(
    name: str, dataset: Mapping[str, Any], languages: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Write down facts in all languages.

    Parameters
    ----------
    name
        The data set's name in the configuration, for messages.
    dataset
        Its definition there: ``path``, a file of facts, see `read_facts`; or ``folder``,
        ``relations``, ``phrasings``, ``candidates`` and ``seed``, see `clozes_of_countries`. Of
        both: ``limit``, how many facts of each relation are kept.
    languages
        ISO 639-1 codes.

    Returns
    -------
    facts
        The columns of `FACTS`: facts in the order of the data, each in all its phrasings, each of
        these in the order of ``languages``.
    left_out
        Fact about a country → why it is left out.

    Raises
    ------
    InputError
        As `read_facts`, `clozes_of_countries` and `check_clozes`; if there is no fact.
    """
    for language in languages:
        english_name(language)
    try:
        left_out: dict[str, str] = {}
        if "path" in dataset:
            clozes = list(read_facts(dataset["path"], languages))
        else:
            clozes, left_out = clozes_of_countries(dataset, languages)
        check_clozes(clozes, languages)
        kept = _limited(clozes, dataset.get("limit"))
        if not kept:
            raise InputError("found no fact, expected at least one")
    except InputError as error:
        raise InputError(f"dataset {name!r}: {error}") from None
    return _frame(kept, languages), left_out


def write_facts(
    name: str, dataset: Mapping[str, Any], languages: Sequence[str], output: str | Path
) -> None:
    """Build facts, log what is left out and what is written alike, and write them.

    Parameters
    ----------
    name, dataset, languages
        See `build_facts`.
    """
    facts, left_out = build_facts(name, dataset, languages)
    numbers = facts.groupby("relation", sort=False)["fact"].nunique().to_dict()
    logger.info("%s: facts by relation: %s", name, numbers)
    for fact, reason in left_out.items():
        logger.warning("%s: %s is left out: %s", name, fact, reason)
    same = list(facts.loc[facts["same"], "fact"].unique())
    if same:
        logger.warning("%s: written alike in all languages: %s", name, " ".join(same))
    provenance = {
        "dataset": {name: dict(dataset)},
        "languages": list(languages),
        "facts": numbers,
        "left_out": left_out,
    }
    write_table(facts, output, FACTS, provenance)


def clozes_of_countries(
    dataset: Mapping[str, Any], languages: Sequence[str]
) -> tuple[list[Cloze], dict[str, str]]:
    """Return facts about countries, and why others are left out.

    Raises
    ------
    InputError
        As `facts_of_countries` and `read_phrasings`; if there are too few candidates.
    """
    folder, number = dataset["folder"], dataset["phrasings"]
    facts, left_out = facts_of_countries(folder, dataset["relations"], languages)
    phrasings = {
        (language, relation): read_phrasings(folder, language, relation, number)
        for language in languages
        for relation in dataset["relations"]
    }
    clozes = []
    for fact in facts:
        related = [other for other in facts if other.relation == fact.relation]
        drawn = draw_candidates(fact, related, dataset["candidates"], dataset["seed"])
        for index in range(number):
            for language in languages:
                country, answer = fact.countries[language], fact.answers[language]
                clozes.append(
                    Cloze(
                        fact=fact.name,
                        relation=fact.relation,
                        phrasing=index + 1,
                        language=language,
                        question=question_about(country, phrasings[language, fact.relation][index]),
                        answer=answer,
                        candidates=tuple(other.answers[language] for other in drawn),
                        source=str(folder),
                        cue=begin_alike(answer, country),
                    )
                )
    return clozes, left_out


def draw_candidates(fact: Fact, others: Sequence[Fact], number: int, seed: int) -> list[Fact]:
    """Draw candidates for a fact: itself and others, the same in all languages.

    None begins with another, in any language: of two such texts the shorter is likelier whatever a
    model knows. The draw depends on the seed and the fact's name only, and on which others there
    are.

    Raises
    ------
    InputError
        If there are fewer than ``number``.
    """
    order = sorted(others, key=lambda other: other.name)
    # A text as seed: Python hashes it in the same way in each run.
    random.Random(f"{seed} {fact.name}").shuffle(order)
    drawn = [fact]
    for other in order:
        if len(drawn) < number and not any(_clash(one, other) for one in drawn):
            drawn.append(other)
    if len(drawn) < number:
        raise InputError(
            f"{fact.name}: found {len(drawn)} candidates of which none begins with another, "
            f"expected {number} (key 'candidates')"
        )
    return drawn


def _clash(one: Fact, other: Fact) -> bool:
    pairs = ((text, other.answers[language]) for language, text in one.answers.items())
    return any(one_begins_with_other(*pair) for pair in pairs)


def _limited(clozes: Sequence[Cloze], limit: int | None) -> list[Cloze]:
    """Keep the first facts of each relation."""
    facts: dict[str, list[str]] = {}
    for cloze in clozes:
        known = facts.setdefault(cloze.relation, [])
        if cloze.fact not in known:
            known.append(cloze.fact)
    kept = {(relation, fact) for relation, known in facts.items() for fact in known[:limit]}
    return [cloze for cloze in clozes if (cloze.relation, cloze.fact) in kept]


def _frame(clozes: Sequence[Cloze], languages: Sequence[str]) -> pd.DataFrame:
    order = list(dict.fromkeys(cloze.fact for cloze in clozes))
    rows = sorted(
        clozes,
        key=lambda one: (order.index(one.fact), one.phrasing, languages.index(one.language)),
    )
    answers: dict[str, set[str]] = {}
    for row in rows:
        answers.setdefault(row.fact, set()).add(row.answer.casefold())
    return pd.DataFrame(
        {
            "id": [f"{row.fact}-{row.phrasing}" for row in rows],
            "language": [row.language for row in rows],
            "relation": [row.relation for row in rows],
            "fact": [row.fact for row in rows],
            "phrasing": pd.Series([row.phrasing for row in rows], dtype="int32"),
            "question": [row.question for row in rows],
            "answer": [row.answer for row in rows],
            "candidates": [list(row.candidates) for row in rows],
            "same": [len(answers[row.fact]) == 1 for row in rows],
            "cue": pd.Series([row.cue for row in rows], dtype="boolean"),
        }
    )
