"""Which parallel texts are compared, and whether each finds its partner."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from langneurons.errors import InputError
from langneurons.responses.parallel import in_all_languages


def parallel_texts(
    tokens: pd.DataFrame, languages: Sequence[str], problems: int | None = None
) -> pd.DataFrame:
    """Return the texts that partners are looked for among, see `in_all_languages`.

    Raises
    ------
    InputError
        If a problem lacks a language, or there are fewer than two problems.
    """
    why = "only parallel texts have partners (retrieval)"
    texts = in_all_languages(tokens, languages, problems, why)
    found = texts["problem"].nunique()
    if found < 2:
        raise InputError(
            f"found {found} problem, expected at least 2: a text is to be told from others "
            "(retrieval)"
        )
    return texts


def partner_ranks(queries: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Return how far each text's partner is among the candidates, by cosine.

    Parameters
    ----------
    queries, candidates
        (n, hidden): states of n texts and of their partners, in the same order.

    Returns
    -------
    numpy.ndarray
        int32, (n,): 1 plus the number of other candidates that are at least as near as the
        partner. The partner is found where it is 1: a tie is not found.
    """
    # Equal candidates are multiplied once: within a product of matrices, equal columns may be
    # rounded differently, and a tie would be missed.
    distinct, of = np.unique(candidates, axis=0, return_inverse=True)
    nearness = (_normed(queries) @ _normed(distinct).T)[:, of.reshape(-1)]  # (n, n)
    return (nearness >= nearness.diagonal()[:, None]).sum(axis=1, dtype=np.int32)


def _normed(states: np.ndarray) -> np.ndarray:
    states = states.astype(np.float64)
    lengths = np.linalg.norm(states, axis=1, keepdims=True)
    return states / np.maximum(lengths, np.finfo(np.float64).tiny)


def ranks_by_layer(
    states: np.ndarray, problems: Sequence[str], languages: Sequence[str], pivot: str
) -> pd.DataFrame:
    """Look for the partner of every text among the pivot's, at every layer.

    Parameters
    ----------
    states
        (P, K, layers, hidden): states of P problems in K languages.
    problems, languages
        Their names, P and K.
    pivot
        The language of the candidates.

    Returns
    -------
    pandas.DataFrame
        The columns of `PARTNERS`.
    """
    candidates = states[:, languages.index(pivot)]
    tables = [
        pd.DataFrame(
            {
                "language": language,
                "layer": layer,
                "problem": list(problems),
                "rank": partner_ranks(states[:, k, layer], candidates[:, layer]),
            }
        )
        for k, language in enumerate(languages)
        if language != pivot
        for layer in range(states.shape[2])
    ]
    table = pd.concat(tables, ignore_index=True)
    return table.assign(found=table["rank"] == 1)
