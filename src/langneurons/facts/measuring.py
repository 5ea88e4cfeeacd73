"""Measure which facts a model knows: how likely the answer is, beside the other candidates."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.artifacts.progress import amount
from langneurons.artifacts.tables import read_table, write_table
from langneurons.corpora.schema import FACTS
from langneurons.errors import InputError
from langneurons.facts.schemas import CLOZE
from langneurons.job import CONSOLE
from langneurons.models.candidates import CandidateLikelihood
from langneurons.models.loading import load_model, load_tokenizer
from langneurons.models.mlps import check_causal
from langneurons.models.schema import read_card
from langneurons.models.spec import ModelSpec
from langneurons.responses.cloze import cloze_tokens

logger = logging.getLogger(__name__)

_KEY = ["id", "language"]


def measure_cloze(
    spec: ModelSpec,
    card_path: str | Path,
    facts_path: str | Path,
    output: str | Path,
    batch_tokens: int = 8192,
    progress: bool = True,
) -> None:
    """Write the `CLOZE` table of a model on a data set of facts.

    Parameters
    ----------
    spec, card_path
        The model and its card.
    facts_path
        A table of `FACTS`.
    output
        Where the table appears.
    batch_tokens
        Most tokens in a batch, padding included.

    Raises
    ------
    InputError
        If a prompt does not fit into the model's context, before the weights are loaded; as
        `load_model`, `check_causal` and `CandidateLikelihood`.
    """
    facts = read_table(facts_path, FACTS)
    try:
        tokens = cloze_tokens(facts, load_tokenizer(spec), read_card(card_path)["context_length"])
    except InputError as error:
        raise InputError(f"{facts_path}: {error}") from None
    read = tokens.drop_duplicates(_KEY)["prompt_tokens"].map(len).sum()
    read += (tokens["response_tokens"].map(len) - 1).sum()
    logger.info(
        "reads %s tokens of %s prompts with their candidates",
        amount(int(read)),
        amount(len(facts)),
        extra=CONSOLE,
    )
    model = load_model(spec)
    check_causal(model)
    measured = CandidateLikelihood(model, tokens, batch_tokens)
    table = ranked(facts, tokens, measured.log_probabilities(progress))
    provenance = {"inputs": [str(card_path), str(facts_path)], "model": asdict(spec)}
    write_table(table, output, CLOZE, provenance)


def ranked(
    facts: pd.DataFrame, tokens: pd.DataFrame, log_probabilities: np.ndarray
) -> pd.DataFrame:
    """Rank each answer among its candidates.

    Parameters
    ----------
    facts
        Rows of `FACTS`.
    tokens
        Those of all their candidates, see `cloze_tokens`.
    log_probabilities
        (rows of tokens,): of the candidates.

    Returns
    -------
    pandas.DataFrame
        The columns of `CLOZE`, in the order of ``facts``.
    """
    lengths = tokens["response_tokens"].map(len).to_numpy()
    scored = tokens[[*_KEY, "candidate"]].assign(total=log_probabilities, length=lengths)
    by_fact = dict(iter(scored.groupby(_KEY, sort=False)))
    rows = [_row(fact, by_fact[fact["id"], fact["language"]]) for fact in facts.to_dict("records")]
    kept = facts[["id", "language", "relation", "fact", "phrasing"]].reset_index(drop=True)
    return kept.join(pd.DataFrame(rows))[CLOZE.names]


def _row(fact: Mapping[str, object], scored: pd.DataFrame) -> dict[str, object]:
    texts = list(fact["candidates"])  # type: ignore[call-overload]
    total, length = scored["total"].to_numpy(), scored["length"].to_numpy()
    right, best = texts.index(fact["answer"]), int(total.argmax())
    rank = _rank(total, right)
    return {
        "log_probability": total[right],
        "tokens": length[right],
        "candidates": len(texts),
        "rank": rank,
        "known": rank == 1,
        "best": texts[best],
        "best_log_probability": total[best],
        "rank_by_token": _rank(total / length, right),
    }


def _rank(values: np.ndarray, right: int) -> int:
    """Return 1 plus the number of other values that are at least as high."""
    return int((values >= values[right]).sum())
