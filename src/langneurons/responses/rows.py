"""Rows of tables about responses: their order, their prompts, and the shares of a job."""

from collections.abc import Sequence

import pandas as pd

from langneurons.artifacts.shares import check_share, sort_rows
from langneurons.responses.prompts import Prompts


def share_of_problems(corpus: pd.DataFrame, share: tuple[int, int]) -> pd.DataFrame:
    """Return the rows of one contiguous share ``(index, of)`` of the problems, index from 1."""
    index, of = check_share(share)
    problems = corpus["problem"].unique()
    begin, end = (len(problems) * edge // of for edge in (index - 1, index))
    return corpus[corpus["problem"].isin(problems[begin:end])].reset_index(drop=True)


def with_prompts(corpus: pd.DataFrame, prompts: Prompts, languages: Sequence[str]) -> pd.DataFrame:
    """Add the prompts to the rows of ``languages``, in order."""
    rows = in_order(corpus[corpus["language"].isin(languages)], languages)
    rows["prompt"] = [
        prompts.render(question, language)
        for question, language in zip(rows["question"], rows["language"], strict=True)
    ]
    return rows


def in_order(rows: pd.DataFrame, languages: Sequence[str]) -> pd.DataFrame:
    """Sort rows by problem, language in the order given, and sample, of those that they have."""
    keys = [key for key in ("problem", "language", "sample") if key in rows]
    return sort_rows(rows, keys, {"language": languages})
