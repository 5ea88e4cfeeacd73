"""The texts that a translation model reads: responses, cleaned (METHOD 5.2)."""

import re

import pandas as pd

# GSM8K's calculator annotations, which responses in other languages would not have.
_ANNOTATION = re.compile(r"<<.*?>>")
_FINAL_ANSWER = "####"


def cleaned(response: str) -> str:
    """Return the part of a response that can be translated.

    It ends before ``####`` and has no ``<<…>>`` and no surrounding whitespace; it may be empty.
    """
    return _ANNOTATION.sub("", response.partition(_FINAL_ANSWER)[0]).strip()


def reference(response: str) -> str | None:
    """Return a response `cleaned`, as a reference that samples are compared with.

    None if nothing is left or a line occurs twice: such a response is caught in a loop. As in the
    released code, samples that loop are scored all the same.
    """
    text = cleaned(response)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or len(set(lines)) < len(lines):
        return None
    return text


def references(responses: pd.DataFrame, pivot: str) -> pd.DataFrame:
    """Return the distinct references of each problem.

    Parameters
    ----------
    responses
        At least ``problem``, ``language``, ``sample`` and ``response``.
    pivot
        The language of the references, English in the paper.

    Returns
    -------
    pandas.DataFrame
        ``problem``, ``language``, ``sample`` (the first with this text) and ``text``, in the order
        of the responses.
    """
    rows = responses.loc[responses["language"] == pivot, ["problem", "language", "sample"]]
    rows = rows.assign(text=responses.loc[rows.index, "response"].map(reference))
    return rows[rows["text"].notna()].drop_duplicates(["problem", "text"], ignore_index=True)
