"""How knowledge accuracy changes from one model to another, paired over facts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from langneurons.artifacts.tables import read_table, write_table
from langneurons.corpora.languages import groups_of_languages
from langneurons.errors import InputError
from langneurons.facts.schemas import CLOZE, KNOWLEDGE_CHANGE
from langneurons.facts.summary import by_relation, facts_by_language
from langneurons.uncertainty.resampling import with_interval


def write_knowledge_change(
    before_path: str | Path,
    after_path: str | Path,
    output: str | Path,
    languages: Sequence[str],
    pivot: str,
    trained: Sequence[str],
    names: tuple[str, str],
    control: str | None = None,
) -> None:
    """Write the change between two models' `CLOZE` tables.

    Parameters
    ----------
    names
        The models' names, before first.
    control
        Which control of an alignment the model after is, if it is one.

    Raises
    ------
    InputError
        As `knowledge_change`, naming the files.
    """
    before, after = (read_table(path, CLOZE) for path in (before_path, after_path))
    try:
        table = knowledge_change(before, after, languages, pivot, trained)
    except InputError as error:
        raise InputError(f"{before_path}, {after_path}: {error}") from None
    provenance = {
        "inputs": [str(before_path), str(after_path)],
        "before": names[0],
        "after": names[1],
        "pivot": pivot,
        "trained": list(trained),
        "control": control,
    }
    write_table(table, output, KNOWLEDGE_CHANGE, provenance)


def knowledge_change(
    before: pd.DataFrame,
    after: pd.DataFrame,
    languages: Sequence[str],
    pivot: str,
    trained: Sequence[str],
) -> pd.DataFrame:
    """Return the rows of `KNOWLEDGE_CHANGE`.

    Parameters
    ----------
    before, after
        Rows of `CLOZE`, of the same facts.
    trained
        Languages that the alignment trained on.

    Raises
    ------
    InputError
        If the two models were asked for different facts.
    """
    keys = [set(zip(one["id"], one["language"], strict=True)) for one in (before, after)]
    differing = sorted(keys[0] ^ keys[1])
    if differing:
        name, language = differing[0]
        raise InputError(
            f"{name!r} in {language} was asked of one model only, expected the same facts of both"
        )
    rows = []
    for (relation, first), (_, second) in zip(by_relation(before), by_relation(after), strict=True):
        sides = [facts_by_language(one, languages) for one in (first, second)]
        sides[1] = sides[1].loc[sides[0].index]
        for group, language, members in groups_of_languages(languages, pivot, trained):
            known = [side["known"][members].mean(axis=1) for side in sides]
            row: dict[str, Any] = {"relation": relation, "group": group, "language": language}
            row |= {"facts": len(known[0]), "chance": sides[0]["chance"].to_numpy().mean()}
            for name, values in zip(
                ("before", "after", "change"), [*known, known[1] - known[0]], strict=True
            ):
                row |= with_interval(name, values.to_numpy())
            rows.append(row)
    return pd.DataFrame(rows)[KNOWLEDGE_CHANGE.names]
