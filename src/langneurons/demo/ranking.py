"""How often the demo's translation model prefers a true translation to a corrupted one."""

import random
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.alignment.translation import Translator
from langneurons.corpora.generated import ITEMS, PEOPLE, TEMPLATES, Problem, choose, write
from langneurons.errors import InputError
from langneurons.models.spec import ModelSpec
from langneurons.uncertainty.shares import wilson_interval

BATCH_TOKENS = 4096


def measure_ranking(
    folder: Path, codes: Mapping[str, str], problems: int, pivot: str, seed: int
) -> pd.DataFrame:
    """Measure a saved translation model on the evaluation split.

    The response to a problem in a language, and a corrupted one, are each scored against the
    pivot's true response, as `langneurons.alignment.scoring` does.

    Parameters
    ----------
    codes
        Language → the model's code for it.
    problems
        Number of problems in each language.

    Returns
    -------
    pandas.DataFrame
        One row per direction (of `langneurons.alignment.scoring.DIRECTIONS`), language and
        ``kind`` (see `wrong_responses`): ``n`` pairs, the ``share`` in which the true response has
        the better score, and its 95 % Wilson interval ``low`` to ``high``.

    Raises
    ------
    InputError
        If there are fewer than two problems per template.
    """
    if problems < 2 * len(TEMPLATES):
        raise InputError(
            f"problems: found {problems}; expected at least {2 * len(TEMPLATES)}, two of each "
            "template"
        )
    spec = ModelSpec.from_config({"path": str(folder), "dtype": "float32", "device": "cpu"})
    translator = Translator(spec, codes, list(codes))
    chosen = choose("evaluation", problems, seed)
    pivots = [write(problem, pivot, "response") for problem in chosen]
    rows = []
    for language in codes:
        if language == pivot:
            continue
        texts = {"true": [write(problem, language, "response") for problem in chosen]}
        texts |= wrong_responses(chosen, language, seed)
        for direction in ("to_pivot", "from_pivot"):
            losses = {
                kind: _losses(translator, column, language, pivots, pivot, direction)
                for kind, column in texts.items()
            }
            for kind in texts:
                if kind != "true":
                    right = losses["true"] < losses[kind]
                    facts = {"direction": direction, "language": language, "kind": kind}
                    rows.append(facts | _share(right))
    return pd.DataFrame(rows)


def wrong_responses(problems: list[Problem], language: str, seed: int) -> dict[str, list[str]]:
    """Return wrong responses to problems, by the name of what is wrong.

    ``problem``: the response to another problem of the same template. ``words``: another person
    and item. ``result``: another result, wherever it occurs. ``number``: one number changed in
    one place.
    """
    chance = random.Random(f"{seed}-{language}")
    kinds = {"problem": _of_another, "words": _words, "result": _result, "number": _number}
    return {
        kind: [change(problem, problems, language, chance) for problem in problems]
        for kind, change in kinds.items()
    }


def _of_another(
    problem: Problem, problems: list[Problem], language: str, chance: random.Random
) -> str:
    right = write(problem, language, "response")
    others = (
        write(other, language, "response")
        for other in chance.sample(problems, len(problems))
        if other.template == problem.template
    )
    return next(text for text in others if text != right)


def _words(problem: Problem, problems: list[Problem], language: str, chance: random.Random) -> str:
    person = (problem.person + chance.randrange(1, PEOPLE)) % PEOPLE
    friend = (person + chance.randrange(1, PEOPLE)) % PEOPLE
    item = (problem.item + chance.randrange(1, ITEMS)) % ITEMS
    changed = replace(problem, person=person, friend=friend, item=item)
    return write(changed, language, "response")


def _result(problem: Problem, problems: list[Problem], language: str, chance: random.Random) -> str:
    numbers = problem.numbers | {"r": _near(problem.numbers["r"], chance)}
    return write(replace(problem, numbers=numbers), language, "response")


def _number(problem: Problem, problems: list[Problem], language: str, chance: random.Random) -> str:
    text = write(problem, language, "response")
    number = chance.choice(list(re.finditer(r"\d+", text)))
    changed = _near(int(number.group()), chance)
    return f"{text[: number.start()]}{changed}{text[number.end() :]}"


def _near(number: int, chance: random.Random) -> int:
    """Another number, off by up to 9, like the mistakes of small models."""
    return chance.choice(
        [other for other in range(max(1, number - 9), number + 10) if other != number]
    )


def _losses(
    translator: Translator,
    texts: list[str],
    language: str,
    pivots: list[str],
    pivot: str,
    direction: str,
) -> np.ndarray:
    """Mean cross-entropy of each pair's target given its source, (pairs,)."""
    sides = ((texts, language), (pivots, pivot))
    source, target = sides if direction == "to_pivot" else sides[::-1]
    pairs = np.repeat(np.arange(len(texts))[:, None], 2, axis=1)
    return translator.decoder.cross_entropies(
        translator.encode_sources(*source),
        translator.encode_targets(*target),
        pairs,
        BATCH_TOKENS,
        progress=False,
    )


def _share(right: np.ndarray) -> dict[str, Any]:
    n, successes = len(right), int(right.sum())
    low, high = wilson_interval(successes, n)
    return {"n": n, "share": successes / n, "low": low, "high": high}
