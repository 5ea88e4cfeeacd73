"""Attribute the facts that a model knows to its neurons, layer by layer (METHOD 9)."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.artifacts.cells import Measurement, measure_cells, remove_kept
from langneurons.artifacts.shares import joined_shares, share_of, sort_rows
from langneurons.artifacts.tables import inherited_provenance, write_table
from langneurons.job import CONSOLE
from langneurons.knowledge.facts import Facts, read_facts
from langneurons.knowledge.integrated import integrated_gradients
from langneurons.knowledge.schemas import ATTRIBUTIONS
from langneurons.knowledge.selection import candidates
from langneurons.knowledge.subject import Subject, refuse_quantised
from langneurons.models.memory import lowering
from langneurons.models.spec import ModelSpec, state_of

logger = logging.getLogger(__name__)

#: Neurons are written down that could be a fact's at this threshold or any above it.
KEPT = 0.05
#: Changes below this many nats are too small for an error relative to them to say anything.
_SMALL = 0.1


def attribute_facts(
    spec: ModelSpec,
    facts_path: str | Path,
    cloze_path: str | Path,
    output: str | Path,
    languages: Sequence[str],
    parameters: Mapping[str, Any],
    share: tuple[int, int] = (1, 1),
    code: Mapping[str, str] | None = None,
    batch_tokens: int = 1024,
    progress: bool = True,
) -> None:
    """Write one share of `ATTRIBUTIONS`: of the facts that a model knows, in each language.

    Parameters
    ----------
    spec
        The model; it is run in float32, or in float64 if that is its dtype.
    facts_path, cloze_path
        The facts with their prompts, and which of them the model knows.
    output
        Finished facts are kept beside it.
    languages
        Those in which facts are attributed.
    parameters
        ``facts`` (how many at most, None for all) and ``steps`` of the midpoint rule.
    share
        ``(index, of)``, index from 1.
    code
        Digests of the code, so that facts kept by another version are not reused.
    batch_tokens
        Most tokens in a batch; no result depends on it.

    Raises
    ------
    InputError
        If the model is quantised or the facts do not do (see `read_facts`), before the weights are
        loaded; as `load_model`, `find_mlps`, `check_causal`, `check_rows` and `Head`; or if the
        model yields numbers that are not finite.
    """
    refuse_quantised(spec)
    facts = read_facts(facts_path, cloze_path, spec, languages, parameters["facts"])
    cells = share_of(facts.known, share)
    subject = Subject(spec, facts, batch_tokens)

    @cache  # the model is loaded by the first cell that needs it
    def attributing() -> _Attributing:
        return _Attributing(subject, facts, parameters["steps"])

    # What a fact's numbers depend on: all prompts, since others are its baseline.
    measurement = Measurement[tuple[str, str]](
        rows=lambda cell: attributing().rows(*cell),
        keys=list,
        neurons=lambda _: [],
        facts={
            **state_of(spec),
            "prompts": facts.digest,
            "steps": parameters["steps"],
            "code": dict(code or {}),
        },
    )
    provenance = {
        "inputs": [str(facts_path), str(cloze_path)],
        "model": asdict(spec),
        "languages": list(languages),
        "parameters": dict(parameters),
        "known": [list(cell) for cell in facts.known],
        "share": list(share),
    }
    logger.info(
        "%d facts that the model knows in a language, %d phrasings of each",
        len(cells),
        facts.phrasings,
        extra=CONSOLE,
    )
    measure_cells(cells, measurement, output, ATTRIBUTIONS, provenance, "attributing", progress)


class _Attributing:
    """Attributes one fact in one language after another."""

    def __init__(self, subject: Subject, facts: Facts, steps: int) -> None:
        self._subject, self._facts, self._steps = subject, facts, steps

    def rows(self, fact: str, language: str) -> pd.DataFrame:
        """Return the rows of `ATTRIBUTIONS` of a fact in a language."""
        prompts = self._facts.of(fact, language)
        with lowering("collection.backward_batch_tokens", self._subject.batch_tokens):
            parts = [self._of_prompt(row) for row in prompts.itertuples()]
        neurons = np.stack([part for part, _ in parts])  # (P, L, D)
        changes = np.stack([change for _, change in parts])  # (P, L)
        P, L, D = neurons.shape
        written = np.flatnonzero(candidates(neurons.reshape(P, -1), KEPT))
        layers, places = np.divmod(written, D)
        tables = []
        for phrasing, own, change in zip(prompts["phrasing"], neurons, changes, strict=True):
            sums = {"layer": range(L), "neuron": None, "attribution": own.sum(axis=1)}
            each = {"layer": layers, "neuron": places, "attribution": own[layers, places]}
            tables += [
                pd.DataFrame({"phrasing": phrasing, **sums, "change": change}),
                pd.DataFrame({"phrasing": phrasing, **each, "change": np.nan}),
            ]
        table = pd.concat([part.astype({"neuron": "Int32"}) for part in tables], ignore_index=True)
        of_fact = {key: prompts[key].iloc[0] for key in ("relation", "answer")}
        return table.assign(fact=fact, language=language, **of_fact)

    def _of_prompt(self, row: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return attributions (L, D) and changes by layer (L,) of one prompt."""
        baseline = self._subject.baselines.of(row.relation, row.language, row.phrasing, row.answer)
        ending = self._subject.endings.of(row.prompt_tokens, row.answer_tokens)
        found = integrated_gradients(ending, baseline, self._steps)
        neurons = np.stack([one.neurons.numpy() for one in found])
        self._subject.demand_finite(neurons.sum(axis=1))
        return neurons, np.array([one.change for one in found])


def merge_attributions(
    paths: Sequence[str | Path], output: str | Path, languages: Sequence[str]
) -> None:
    """Join the shares into one table of `ATTRIBUTIONS`; kept facts are removed.

    By how much the attributions of a layer miss the change of the log probability that they are to
    sum to is in the log and in the provenance.
    """
    facts = inherited_provenance(paths[0])
    order = dict.fromkeys(fact for fact, _ in facts["known"])
    given = {"fact": list(order), "language": languages}
    by = ["language", "fact"]
    table = sort_rows(joined_shares(paths, ATTRIBUTIONS), by, given)
    errors = completeness(table)
    logger.info(
        "the attributions of a layer miss the change of the log probability by at most %(nats).2g "
        "nats, and where it is at least " + f"{_SMALL} nats by at most %(share).2g of it",
        errors,
        extra=CONSOLE,
    )
    write_table(table, output, ATTRIBUTIONS, {**facts, "completeness": errors})
    remove_kept(paths)


def completeness(attributions: pd.DataFrame) -> dict[str, float]:
    """Return the largest error of the sums over a layer, in nats and as a share of the change."""
    layers = attributions[attributions["neuron"].isna()]
    errors = (layers["attribution"] - layers["change"]).abs()
    large = layers["change"].abs() >= _SMALL
    return {
        "nats": float(errors.max()) if len(layers) else 0.0,
        "share": float((errors / layers["change"].abs())[large].max()) if large.any() else 0.0,
    }
