"""Plain corpora: documents cut into windows, as many tokens of each language (as in LAPE)."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from langneurons.errors import InputError


def cut(documents: pd.DataFrame, length: int, tokens: int) -> pd.DataFrame:
    """Cut documents into windows, from the first document on, until a language has its tokens.

    Parameters
    ----------
    documents
        Rows of `TOKENS`, one a document: its response tokens are cut. Each window gets the prompt
        tokens, such as a beginning of sequence.
    length
        Most tokens of a window; the last one of a document is shorter.
    tokens
        How many tokens each language is read for; the last window is cut to reach it exactly.

    Returns
    -------
    pandas.DataFrame
        Rows of `TOKENS`, one a window; ``sample`` counts the windows of a document.

    Raises
    ------
    InputError
        If a language has fewer tokens.
    """
    parts = []
    for language, rows in documents.groupby("language", sort=False):
        found = int(rows["response_tokens"].map(len).sum())
        if found < tokens:
            raise InputError(
                f"the documents in {language} have {found:,} tokens, expected at least {tokens:,} "
                "(key 'tokens' of the data set)"
            )
        parts.append(pd.DataFrame(_windows(rows, length, tokens), columns=documents.columns))
    return pd.concat(parts, ignore_index=True)


def _windows(documents: pd.DataFrame, length: int, tokens: int) -> Iterator[dict[str, object]]:
    left = tokens
    for document in documents.to_dict("records"):
        ids: np.ndarray = document["response_tokens"][:left]
        for sample, start in enumerate(range(0, len(ids), length)):
            window = ids[start : start + length]
            yield {**document, "sample": sample, "response_tokens": window}
        left -= len(ids)
        if left == 0:
            return
