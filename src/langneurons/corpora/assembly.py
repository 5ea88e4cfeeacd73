"""From a dataset in the configuration to its corpus: the problems that all languages share."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from langneurons.artifacts.tables import write_table
from langneurons.corpora.entries import Entry
from langneurons.corpora.hub import read_hub
from langneurons.corpora.languages import english_name
from langneurons.corpora.mgsm import read_mgsm
from langneurons.corpora.msvamp import read_msvamp
from langneurons.corpora.released import read_released
from langneurons.corpora.schema import CORPUS
from langneurons.corpora.tabular import read_tabular
from langneurons.corpora.texts import read_texts
from langneurons.errors import InputError

logger = logging.getLogger(__name__)


class Format(NamedTuple):
    """How a dataset format is read, and the keys that it needs."""

    read: Callable[[Mapping[str, Any], Sequence[str]], Iterable[Entry]]
    keys: tuple[str, ...]


def _read_demo(dataset: Mapping[str, Any], languages: Sequence[str]) -> Iterator[Entry]:
    from langneurons.corpora.generated import generate

    problems = generate(
        languages=list(languages),
        split=dataset["split"],
        problems=dataset["problems"],
        seed=dataset["seed"],
    )
    for row in problems.itertuples():
        source = f"demo problem {row.problem}"
        yield Entry(
            row.problem, row.language, row.question, row.answer, source, tuple(row.responses)
        )


FORMATS: dict[str, Format] = {
    "mgsm": Format(read_mgsm, ("path",)),
    "msvamp": Format(read_msvamp, ("path",)),
    "released": Format(read_released, ("path",)),
    "table": Format(read_tabular, ("path", "columns")),
    "hub": Format(read_hub, ("path", "split", "columns")),
    "texts": Format(read_texts, ("path",)),
    "demo": Format(_read_demo, ("split", "problems", "seed")),
}


def build_corpus(
    name: str, dataset: Mapping[str, Any], languages: Sequence[str], held_out: bool = False
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read a dataset and keep the problems that can be compared between languages.

    Parameters
    ----------
    name
        The dataset's name in the configuration, for messages.
    dataset
        Its definition there: ``format``, the keys of that format (see its reader), and for all
        formats ``parallel`` (true: a problem missing in one language is left out of all,
        because every statistic compares languages on the same problems), ``limit`` (keep the
        first n of these problems, in the order of the data) and ``held_out`` (keep n of these
        apart, see `apart`).
    languages
        ISO 639-1 codes.
    held_out
        Return the problems kept apart instead of the others.

    Returns
    -------
    corpus
        The columns of `CORPUS`, sorted by problem, then in the order of ``languages``.
    facts
        ``problems``, their number in the corpus; ``incomplete``, problem → the languages that
        lack it, and the number of such problems, ``n_incomplete``; ``repeated_questions``,
        language → how many of its problems repeat an earlier question; ``differing_answers``, the
        problems of the corpus whose answer is not the same in all languages.

    Raises
    ------
    InputError
        If the data is missing, malformed, or leaves no problem.
    """
    for language in languages:
        english_name(language)
    try:
        entries = list(_format(dataset).read(dataset, languages))
        _refuse_duplicates(entries)
        incomplete = _incomplete(entries, languages)
        problems = apart(_kept(entries, incomplete, dataset), dataset.get("held_out", 0))[held_out]
    except InputError as error:
        raise InputError(f"dataset {name!r}: {error}") from None
    chosen = set(problems)
    kept = [entry for entry in entries if entry.problem in chosen]
    facts = {
        "problems": len(problems),
        "n_incomplete": len(incomplete),
        "incomplete": incomplete,
        "repeated_questions": _repeated_questions(kept),
        "differing_answers": _differing_answers(kept),
    }
    return _frame(kept, languages), facts


def write_corpus(
    name: str,
    dataset: Mapping[str, Any],
    languages: Sequence[str],
    output: str | Path,
    held_out: bool = False,
    folds: int | None = None,
) -> None:
    """Build a corpus, log anything unusual about it, and write it with these facts.

    Parameters
    ----------
    name, dataset, languages, held_out
        See `build_corpus`.
    folds
        How many folds the problems will be split into; the corpus does not depend on it.

    Raises
    ------
    InputError
        If there are fewer problems than folds; see also `build_corpus`.
    """
    corpus, facts = build_corpus(name, dataset, languages, held_out)
    logger.info("%s: %d problems in %s", name, facts["problems"], " ".join(languages))
    if facts["incomplete"]:
        fate = "kept out" if dataset.get("parallel", True) else "kept (parallel: false)"
        listed = ", ".join(
            f"{problem} (not in {' '.join(missing)})"
            for problem, missing in facts["incomplete"].items()
        )
        logger.warning(
            "%s: %d incomplete problems %s: %s", name, len(facts["incomplete"]), fate, listed
        )
    for language, number in facts["repeated_questions"].items():
        logger.warning("%s: %d questions in %s repeat an earlier one", name, number, language)
    if facts["differing_answers"]:
        listed = " ".join(facts["differing_answers"])
        logger.warning("%s: answers differ between languages: %s", name, listed)
    if folds is not None and folds > facts["problems"]:
        # Here, before any model runs: it would turn out when neurons are counted.
        raise InputError(
            f"config: uncertainty.folds: found {folds}, expected at most {facts['problems']}, the "
            f"number of problems in dataset {name!r}"
        )
    provenance = {
        "dataset": {name: dict(dataset)},
        "held_out": held_out,
        "languages": list(languages),
        **facts,
    }
    write_table(corpus, output, CORPUS, provenance)


def _format(dataset: Mapping[str, Any]) -> Format:
    name = dataset.get("format")
    if name not in FORMATS:
        raise InputError(f"key 'format' is {name!r}, expected one of {' '.join(FORMATS)}")
    for key in FORMATS[name].keys:
        if key not in dataset:
            raise InputError(f"no key {key!r}, which format {name!r} needs")
    return FORMATS[name]


def _refuse_duplicates(entries: Iterable[Entry]) -> None:
    first: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        known = first.setdefault((entry.problem, entry.language), entry)
        if known is not entry:
            raise InputError(
                f"{entry.source}: problem {entry.problem!r} was found in {entry.language} already "
                f"at {known.source}, expected each problem once a language"
            )


def _incomplete(entries: Iterable[Entry], languages: Sequence[str]) -> dict[str, list[str]]:
    present: dict[str, set[str]] = {}
    for entry in entries:
        present.setdefault(entry.problem, set()).add(entry.language)
    return {
        problem: [language for language in languages if language not in found]
        for problem, found in sorted(present.items())
        if len(found) < len(languages)
    }


def _kept(
    entries: Iterable[Entry], incomplete: Mapping[str, list[str]], dataset: Mapping[str, Any]
) -> list[str]:
    problems = list(dict.fromkeys(entry.problem for entry in entries))
    if not problems:
        raise InputError("no problems found")
    if dataset.get("parallel", True):
        problems = [problem for problem in problems if problem not in incomplete]
        if not problems:
            raise InputError(
                f"none of {len(incomplete)} problems is there in every language; do the languages "
                "name the same problem alike? ('parallel: false' keeps incomplete problems)"
            )
    limit = dataset.get("limit")
    if limit is not None and limit < 1:
        raise InputError(f"key 'limit' is {limit}, expected at least 1")
    return problems[:limit]


def apart(problems: Sequence[str], number: int) -> tuple[list[str], list[str]]:
    """Split problems into those that neurons are chosen on and those kept apart.

    Parameters
    ----------
    number
        How many are kept apart. They are spread evenly over the data, which may go by subject.

    Raises
    ------
    InputError
        If no problem would be left to choose neurons on.
    """
    if number >= len(problems):
        raise InputError(
            f"key 'held_out' is {number}, expected less than the number of problems, "
            f"{len(problems)}"
        )
    places = {(2 * index + 1) * len(problems) // (2 * number) for index in range(number)}
    rest = [problem for index, problem in enumerate(problems) if index not in places]
    return rest, [problems[index] for index in sorted(places)]


def _repeated_questions(entries: Iterable[Entry]) -> dict[str, int]:
    count = Counter((entry.language, entry.question) for entry in entries)
    repeats: Counter[str] = Counter()
    for (language, _), number in count.items():
        if number > 1:
            repeats[language] += number - 1
    return dict(repeats)


def _differing_answers(entries: Iterable[Entry]) -> list[str]:
    answers: dict[str, set[float | None]] = {}
    for entry in entries:
        answers.setdefault(entry.problem, set()).add(entry.answer)
    return sorted(problem for problem, found in answers.items() if len(found) > 1)


def _frame(entries: Iterable[Entry], languages: Sequence[str]) -> pd.DataFrame:
    order = {language: index for index, language in enumerate(languages)}
    ordered = sorted(entries, key=lambda entry: (entry.problem, order[entry.language]))
    return pd.DataFrame(
        {
            "problem": [entry.problem for entry in ordered],
            "language": [entry.language for entry in ordered],
            "question": [entry.question for entry in ordered],
            "answer": pd.Series([entry.answer for entry in ordered], dtype="float64"),
            "responses": [list(entry.responses) for entry in ordered],
        }
    )
