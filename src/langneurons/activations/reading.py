"""The part of a token table that one job reads, for statistics of all response tokens."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.artifacts.progress import amount, tokens_in
from langneurons.artifacts.shares import check_share
from langneurons.artifacts.tables import read_table
from langneurons.errors import InputError
from langneurons.job import CONSOLE
from langneurons.models.batches import sequence_lengths
from langneurons.responses.schemas import TOKENS

logger = logging.getLogger(__name__)

#: Folds of a data set that has as many problems, unless the configuration says otherwise.
FOLDS = 25


def shares(tokens: pd.DataFrame, n: int) -> list[np.ndarray]:
    """Split the rows of a token table into ``n`` shares with about the same number of tokens.

    A share is a run of whole problems in the table's order; with few problems, some are empty.

    Returns
    -------
    list of numpy.ndarray
        ``n`` arrays of row positions; every row is in exactly one.
    """
    problem, _ = pd.factorize(tokens["problem"])
    prompts, responses = tokens["prompt_tokens"], tokens["response_tokens"]
    lengths = sequence_lengths(prompts) + sequence_lengths(responses)
    sizes = np.bincount(problem, weights=lengths).astype(np.int64)
    # A problem goes to the share in which its middle falls: share = n · middle / total.
    twice_middle = 2 * sizes.cumsum() - sizes
    share = n * twice_middle // max(1, 2 * sizes.sum())
    return [np.flatnonzero(share[problem] == index) for index in range(n)]


def folds_of(problems: Sequence[str] | pd.Series, folds: int | None) -> np.ndarray:
    """Return the fold of each row: the rank of its problem's id, modulo ``folds``.

    The rank is taken among the sorted distinct ids given: pass a whole table, so that its shares
    agree. All languages and samples of a problem are in one fold. None is 25 or, if these are
    fewer, the number of problems.

    Raises
    ------
    InputError
        If there are fewer problems than folds.
    """
    ids, rank = np.unique(np.asarray(problems, dtype=object).astype(str), return_inverse=True)
    folds = min(FOLDS, len(ids)) if folds is None else folds
    if not 1 <= folds <= len(ids):
        raise InputError(
            f"uncertainty.folds: found {folds}, expected between 1 and the {len(ids)} problems "
            "there are"
        )
    return rank % folds


def share_of_tokens(
    tokens_path: str | Path, folds: int | None, share: tuple[int, int]
) -> tuple[pd.DataFrame, int]:
    """Read one share of a token table: its rows that hold response tokens.

    The rows have one more column, ``fold``; they are those that `collect_activations` counts.

    Parameters
    ----------
    folds
        As for `folds_of`.
    share
        Index of the share, from 1, and the number of shares.

    Returns
    -------
    rows, folds
        The rows, which may be none, and the number of folds of the whole table.

    Raises
    ------
    InputError
        If there are fewer problems than folds, or no such share.
    """
    index, of = check_share(share)
    table = read_table(tokens_path, TOKENS)
    table["fold"] = folds_of(table["problem"], folds)
    rows = table.iloc[shares(table, of)[index - 1]]
    read = rows[sequence_lengths(rows["response_tokens"]) > 0]
    if len(read):
        announce(read)
    return read, int(table["fold"].max()) + 1


def announce(rows: pd.DataFrame) -> None:
    """Say on the console how much a model is about to read."""
    logger.info(
        "reads %s tokens of %s texts in %d languages",
        amount(tokens_in(rows)),
        amount(len(rows)),
        rows["language"].nunique(),
        extra=CONSOLE,
    )


def groups_of(rows: pd.DataFrame, languages: Sequence[str], folds: int) -> np.ndarray:
    """Return language · F + fold of each row, int64, in the order of ``languages``."""
    language = pd.Index(languages).get_indexer(rows["language"])
    return language * folds + rows["fold"].to_numpy(dtype=np.int64)


def response_tokens(rows: pd.DataFrame, groups: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Count the response tokens of each language and fold, (K, F)."""
    lengths = sequence_lengths(rows["response_tokens"])
    counted = np.bincount(groups, weights=lengths, minlength=shape[0] * shape[1])
    return counted.astype(np.int64).reshape(shape)
