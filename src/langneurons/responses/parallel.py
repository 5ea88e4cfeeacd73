"""Parallel texts: each problem in every language."""

from collections.abc import Sequence

import pandas as pd

from langneurons.errors import InputError


def in_all_languages(
    tokens: pd.DataFrame, languages: Sequence[str], problems: int | None, why: str
) -> pd.DataFrame:
    """Return one text of each problem in each language.

    Parameters
    ----------
    tokens
        Rows of `TOKENS`; of several samples of a problem in a language, the first is taken.
    languages
        The K languages.
    problems
        How many problems, from the first on; None for all.
    why
        What needs parallel texts, for the message.

    Returns
    -------
    pandas.DataFrame
        P × K rows of `TOKENS`: the problems in the order of ``tokens``, each in all languages in
        their order.

    Raises
    ------
    InputError
        If a problem lacks a language.
    """
    read = tokens[tokens["response_tokens"].map(len) > 0]
    first = read.sort_values("sample", kind="stable").drop_duplicates(["problem", "language"])
    by_text = first.set_index(["problem", "language"])
    chosen = list(dict.fromkeys(tokens["problem"]))[:problems]
    cells = pd.MultiIndex.from_product([chosen, languages], names=by_text.index.names)
    absent = cells.difference(by_text.index, sort=False)
    if len(absent):
        problem, language = absent[0]
        raise InputError(
            f"problem {problem!r} has no text in {language}; expected each problem in all of "
            f"{' '.join(languages)}: {why}"
        )
    return by_text.loc[cells].reset_index()[list(tokens.columns)]
