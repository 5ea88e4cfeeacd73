"""Suppress and enhance a fact's neurons: its own answer against others' (METHOD 9)."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from torch import Tensor

from langneurons.artifacts.cells import Measurement, measure_cells, remove_kept
from langneurons.artifacts.digests import table_digest
from langneurons.artifacts.shares import joined_shares, share_of, sort_rows
from langneurons.artifacts.tables import inherited_provenance, read_table, write_table
from langneurons.job import CONSOLE
from langneurons.knowledge.edits import FactEdit, fact_edit, random_neurons, under_edits
from langneurons.knowledge.facts import Facts, read_facts
from langneurons.knowledge.schemas import EDITS, FACT_EDITS, FACT_NEURONS
from langneurons.knowledge.subject import Subject
from langneurons.models.memory import lowering
from langneurons.models.spec import ModelSpec, state_of
from langneurons.neurons.controls import generator_of

logger = logging.getLogger(__name__)


_KEYS = ["fact", "relation", "language", "phrasing"]


class _Group(NamedTuple):
    """Facts of one relation, asked in one language by one phrasing."""

    relation: str
    language: str
    phrasing: int


def edit_facts(
    spec: ModelSpec,
    facts_path: str | Path,
    cloze_path: str | Path,
    neurons_path: str | Path,
    output: str | Path,
    languages: Sequence[str],
    parameters: Mapping[str, Any],
    share: tuple[int, int] = (1, 1),
    code: Mapping[str, str] | None = None,
    batch_tokens: int = 1024,
    progress: bool = True,
) -> None:
    """Write one share of `FACT_EDITS`: what suppressing and enhancing the neurons of facts does.

    In a prompt, the neurons are those that were found on the fact's other phrasings.

    Parameters
    ----------
    spec, facts_path, cloze_path, languages, batch_tokens
        As in `langneurons.knowledge.attribution.attribute_facts`.
    neurons_path
        A table of `FACT_NEURONS`.
    output
        Finished groups of facts are kept beside it.
    parameters
        ``facts`` (how many at most, None for all) and ``control_seeds``.
    share
        ``(index, of)``, index from 1.
    code
        Digests of the code, so that what another version kept is not reused.

    Raises
    ------
    InputError
        As `read_facts`, `load_model`, `find_mlps`, `check_causal`, `check_rows` and `Head`; or if
        the model yields numbers that are not finite.
    """
    facts = read_facts(facts_path, cloze_path, spec, languages, parameters["facts"])
    neurons = read_table(neurons_path, FACT_NEURONS)
    neurons = neurons[neurons["held_out"].notna()]
    subject = Subject(spec, facts, batch_tokens)
    chosen = facts.chosen
    keys = chosen[list(_Group._fields)].drop_duplicates()
    groups = share_of([_Group(*key) for key in keys.itertuples(index=False)], share)

    @cache  # the model is loaded by the first cell that needs it
    def editing() -> _Editing:
        return _Editing(subject, facts, neurons, parameters["control_seeds"])

    measurement = Measurement[_Group](
        rows=lambda group: editing().rows(group),
        keys=list,
        neurons=lambda _: [],
        facts={
            **state_of(spec),
            "prompts": facts.digest,
            "neurons": table_digest(neurons),
            "control_seeds": parameters["control_seeds"],
            "code": dict(code or {}),
        },
    )
    provenance = {
        "inputs": [str(facts_path), str(cloze_path), str(neurons_path)],
        "model": asdict(spec),
        "languages": list(languages),
        "parameters": dict(parameters),
        "facts": [fact for fact, _ in facts.known],
        "share": list(share),
    }
    logger.info(
        "suppresses and enhances neurons in %d groups of prompts", len(groups), extra=CONSOLE
    )
    measure_cells(groups, measurement, output, FACT_EDITS, provenance, "editing", progress)


def merge_fact_edits(
    paths: Sequence[str | Path], output: str | Path, languages: Sequence[str]
) -> None:
    """Join the shares into one table of `FACT_EDITS`; the kept groups are removed."""
    facts = inherited_provenance(paths[0])
    order = list(dict.fromkeys(facts.pop("facts")))
    given = {"edit": EDITS, "fact": order, "language": languages}
    by = ["edit", "language", "fact", "phrasing"]
    write_table(sort_rows(joined_shares(paths, FACT_EDITS), by, given), output, FACT_EDITS, facts)
    remove_kept(paths)


class _Editing:
    """Edits the facts of one group after another."""

    def __init__(
        self, subject: Subject, facts: Facts, neurons: pd.DataFrame, control_seeds: int
    ) -> None:
        self._subject, self._facts, self._seeds = subject, facts, control_seeds
        keys = ["fact", "language", "held_out"]
        self._neurons = {
            names: rows[["layer", "neuron"]].to_numpy(dtype=np.int64, copy=True)
            for names, rows in neurons.groupby(keys, sort=False)
        }

    def rows(self, group: _Group) -> pd.DataFrame:
        """Return the rows of `FACT_EDITS` of a group; facts without neurons have none."""
        prompts = self._with_neurons(group)
        if prompts.empty:
            return pd.DataFrame(columns=FACT_EDITS.names)
        sets = [self._neurons[row.fact, row.language, row.phrasing] for row in prompts.itertuples()]
        baselines = [
            self._subject.baselines.of(row.relation, row.language, row.phrasing, row.answer)
            for row in prompts.itertuples()
        ]
        edits = [
            fact_edit(operation, *one)
            for operation in EDITS
            for one in zip(sets, baselines, strict=True)
        ]
        before, changes, random = [], [], []
        with lowering("collection.backward_batch_tokens", self._subject.batch_tokens):
            for row, neurons, baseline in zip(prompts.itertuples(), sets, baselines, strict=True):
                ending = self._subject.endings.of(row.prompt_tokens, row.answer_tokens)
                drawn = self._controls(row, neurons, baseline)
                after = under_edits(ending, [*edits, *drawn], self._subject.batch_tokens)
                changed = after - ending.log_probability
                self._subject.demand_finite(changed)
                before.append(ending.log_probability)
                changes.append(changed[: len(edits)].reshape(len(EDITS), -1))  # (2, facts)
                random.append(changed[len(edits) :].reshape(len(EDITS), -1).mean(axis=1))
        table = pd.concat(
            [
                prompts[_KEYS].assign(
                    edit=operation,
                    before=before,
                    random=[one[index] for one in random],
                    **_compared(np.stack([one[index] for one in changes]), prompts["answer"]),
                )
                for index, operation in enumerate(EDITS)
            ],
            ignore_index=True,
        )
        return table.assign(neurons=[len(neurons) for neurons in sets] * len(EDITS))

    def _with_neurons(self, group: _Group) -> pd.DataFrame:
        prompts = self._facts.chosen
        for key, name in group._asdict().items():
            prompts = prompts[prompts[key] == name]
        keys = zip(prompts["fact"], prompts["language"], prompts["phrasing"], strict=True)
        return prompts[[key in self._neurons for key in keys]]

    def _controls(self, row: Any, neurons: np.ndarray, baseline: Tensor) -> list[FactEdit]:
        """Return edits of random neurons: all that suppress, then all that enhance."""
        drawn = [
            random_neurons(
                neurons,
                baseline.shape[1],
                generator_of(seed, row.fact, row.language, str(row.phrasing)),
            )
            for seed in range(self._seeds)
        ]
        return [fact_edit(operation, some, baseline) for operation in EDITS for some in drawn]


def _compared(changes: np.ndarray, answers: pd.Series) -> dict[str, Any]:
    """Return the change of each fact's own answer, and the mean change of others' by its edit.

    Parameters
    ----------
    changes
        (n, n): of the answer in each row, by the edit of the fact in each column.
    answers
        Of the n facts; one with the same answer is not another one.
    """
    names = answers.to_numpy()
    others = names[:, None] != names[None, :]
    number = others.sum(axis=0)
    sums = np.where(others, changes, 0.0).sum(axis=0)
    mean = np.divide(sums, number, out=np.full(len(names), np.nan), where=number > 0)
    return {"own": np.diagonal(changes), "others": mean, "n_others": number}
