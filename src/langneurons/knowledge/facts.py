"""Which facts are attributed: those that the model knows, and how they are asked (METHOD 9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa

from langneurons.artifacts.digests import table_digest
from langneurons.artifacts.tables import read_table
from langneurons.corpora.schema import FACTS
from langneurons.errors import InputError
from langneurons.models.loading import context_length, load_config, load_tokenizer
from langneurons.models.spec import ModelSpec
from langneurons.responses.cloze import cloze_tokens

#: With fewer phrasings none can be left out of those on which neurons must agree.
FEWEST_PHRASINGS = 3
#: What is read of which facts a model knows.
_KNOWN = pa.schema(
    [("fact", pa.string()), ("language", pa.string()), ("phrasing", pa.int32()),
     ("known", pa.bool_())]
)  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """Prompts of all facts in some languages, and which of the facts are attributed.

    Attributes
    ----------
    prompts
        One row per fact × phrasing × language: ``fact``, ``relation``, ``language``, ``phrasing``,
        ``answer``, ``prompt_tokens`` and ``answer_tokens``.
    known
        Fact and language of each that is attributed: by language, relation and fact.
    """

    prompts: pd.DataFrame
    known: list[tuple[str, str]]

    @cached_property
    def chosen(self) -> pd.DataFrame:
        """The prompts of facts that are attributed, in the order of ``known``."""
        order = {cell: index for index, cell in enumerate(self.known)}
        cells = pd.MultiIndex.from_frame(self.prompts[["fact", "language"]])
        places = pd.Series(cells.map(lambda cell: order.get(cell, -1)), index=self.prompts.index)
        rows = self.prompts[places >= 0]
        return rows.loc[places[places >= 0].sort_values(kind="stable").index]

    def of(self, fact: str, language: str) -> pd.DataFrame:
        """Return the prompts of a fact in a language, one per phrasing."""
        rows = self.prompts
        return rows[(rows["fact"] == fact) & (rows["language"] == language)]

    @property
    def phrasings(self) -> int:
        """Number of phrasings of a fact in a language."""
        return int(self.prompts["phrasing"].nunique())

    @cached_property
    def digest(self) -> str:
        """A digest of all prompts."""
        return table_digest(self.prompts)


def read_facts(
    facts_path: str | Path,
    cloze_path: str | Path,
    spec: ModelSpec,
    languages: Sequence[str],
    limit: int | None,
) -> Facts:
    """Read facts and which of them a model knows, and tokenise their prompts.

    Parameters
    ----------
    facts_path, cloze_path
        A table of `FACTS`, and one that says of each of its rows whether it is ``known``.
    spec
        The model, of which only configuration and tokenizer are read.
    languages
        Those that are looked at.
    limit
        Most facts that are attributed; None for all.

    Raises
    ------
    InputError
        If a language has no facts, a fact has too few phrasings, one whose answer no other fact of
        its relation differs from is known, the model knows no fact in any of the languages, a
        prompt has no tokens, or as `cloze_tokens`.
    """
    table = read_table(facts_path, FACTS)
    absent = [name for name in languages if name not in set(table["language"])]
    if absent:
        raise InputError(f"{facts_path}: no facts in {' '.join(absent)}, expected some (knowledge)")
    table = table[table["language"].isin(languages)].reset_index(drop=True)
    tokens = cloze_tokens(
        table, load_tokenizer(spec), context_length(load_config(spec)), candidates=False
    )
    columns = ["fact", "relation", "language", "phrasing", "answer"]
    prompts = table[columns].assign(
        prompt_tokens=tokens["prompt_tokens"], answer_tokens=tokens["response_tokens"]
    )
    cloze = read_table(cloze_path, _KNOWN)
    relations = prompts.drop_duplicates("fact").set_index("fact")["relation"]
    known = known_facts(cloze, languages, limit).assign(
        relation=lambda rows: rows["fact"].map(relations)
    )
    order = {name: index for index, name in enumerate(dict.fromkeys(prompts["relation"]))}
    places = {name: index for index, name in enumerate(languages)}
    known = known.sort_values(
        ["language", "relation"],
        key=lambda column: column.map(places if column.name == "language" else order),
        kind="stable",
    )
    facts = Facts(prompts, list(zip(known["fact"], known["language"], strict=True)))
    _check(facts, facts_path, cloze_path)
    return facts


def known_facts(cloze: pd.DataFrame, languages: Sequence[str], limit: int | None) -> pd.DataFrame:
    """Return which facts are attributed in which languages.

    A model knows a fact in a language if it ranks the answer first in more than half of the
    phrasings. If there are more facts than the limit, those known in the most languages are taken,
    of equally many the first in the data.

    Parameters
    ----------
    cloze
        ``fact``, ``language``, ``phrasing`` and ``known`` of each problem.
    languages
        The languages that are looked at.
    limit
        Most facts; None for all.

    Returns
    -------
    pandas.DataFrame
        ``fact`` and ``language``, facts in the order of the data.
    """
    asked = cloze[cloze["language"].isin(languages)]
    share = asked.groupby(["fact", "language"], sort=False)["known"].mean()
    known = share[share > 0.5].reset_index()[["fact", "language"]]
    number = known["fact"].value_counts()
    order = {fact: index for index, fact in enumerate(dict.fromkeys(cloze["fact"]))}
    best = sorted(number.index, key=lambda fact: (-number[fact], order[fact]))[:limit]
    return known[known["fact"].isin(best)].reset_index(drop=True)


def _check(facts: Facts, facts_path: str | Path, cloze_path: str | Path) -> None:
    if not facts.known:
        raise InputError(
            f"{cloze_path}: the model knows no fact in any of the languages asked for, that is, "
            "ranks its answer first in most phrasings; expected at least one to attribute"
        )
    chosen = facts.chosen
    phrasings = chosen.groupby(["fact", "language"], sort=False)["phrasing"].nunique()
    if phrasings.min() < FEWEST_PHRASINGS:
        fact, language = phrasings.idxmin()
        raise InputError(
            f"{facts_path}: fact {fact!r} in {language}: found {phrasings.min()} phrasings, "
            f"expected at least {FEWEST_PHRASINGS}: a fact's neurons must agree over them, and one "
            "is left out in turn (knowledge)"
        )
    empty = chosen[chosen["prompt_tokens"].map(len) == 0]
    if len(empty):
        row = empty.iloc[0]
        raise InputError(
            f"{facts_path}: fact {row['fact']!r}, phrasing {row['phrasing']}, {row['language']}: "
            "the prompt has no tokens, expected at least one: neurons are looked at at its last one"
        )
    keys = ["relation", "language", "phrasing"]
    answers = facts.prompts.groupby(keys)["answer"].nunique()
    groups = pd.MultiIndex.from_frame(chosen[keys])
    alone = chosen[(answers.reindex(groups) < 2).to_numpy()]
    if len(alone):
        row = alone.iloc[0]
        raise InputError(
            f"{facts_path}: fact {row['fact']!r}, {row['language']}: no fact of relation "
            f"{row['relation']!r} has another answer; expected some, whose mean activations are "
            "where the path begins (knowledge)"
        )
