"""The part of a token table that one job reads, for statistics of all response tokens."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.activations.collection import folds_of, shares
from langneurons.artifacts.progress import amount, tokens_in
from langneurons.artifacts.shares import check_share
from langneurons.artifacts.tables import read_table
from langneurons.job import CONSOLE
from langneurons.models.batches import sequence_lengths
from langneurons.responses.schemas import TOKENS

logger = logging.getLogger(__name__)


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
        logger.info(
            "reads %s tokens of %s texts in %d languages",
            amount(tokens_in(read)),
            amount(len(read)),
            read["language"].nunique(),
            extra=CONSOLE,
        )
    return read, int(table["fold"].max()) + 1


def groups_of(rows: pd.DataFrame, languages: Sequence[str], folds: int) -> np.ndarray:
    """Return language · F + fold of each row, int64, in the order of ``languages``."""
    language = pd.Index(languages).get_indexer(rows["language"])
    return language * folds + rows["fold"].to_numpy(dtype=np.int64)


def response_tokens(rows: pd.DataFrame, groups: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Count the response tokens of each language and fold, (K, F)."""
    lengths = sequence_lengths(rows["response_tokens"])
    counted = np.bincount(groups, weights=lengths, minlength=shape[0] * shape[1])
    return counted.astype(np.int64).reshape(shape)
