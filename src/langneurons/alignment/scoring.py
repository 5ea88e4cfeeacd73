"""Scores of responses: how well they translate to or from the pivot's (METHOD 5.2)."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from langneurons.alignment.references import cleaned, references
from langneurons.artifacts.progress import amount
from langneurons.artifacts.tables import artefact, read_table, write_table
from langneurons.errors import InputError
from langneurons.job import CONSOLE
from langneurons.models.memory import lowering
from langneurons.responses.collection import merge_shares
from langneurons.responses.rows import share_of_problems
from langneurons.responses.schemas import RESPONSES, row_name

if TYPE_CHECKING:
    from langneurons.alignment.translation import Translator
    from langneurons.models.spec import ModelSpec

logger = logging.getLogger(__name__)

#: ``to_pivot``: the reference given the response, as released. ``from_pivot``: the response given
#: the reference, as in the paper's formula.
DIRECTIONS = ("to_pivot", "from_pivot")
#: What to do with texts longer than the translation model's positions.
LONG_RESPONSES = ("error", "drop")

#: One row per response in a language other than the pivot. ``references`` is the number of texts
#: that ``score`` is a mean over; without any, the score is null.
SCORES = artefact(
    "scores", "problem string, language string, sample int32, score float64?, references int32"
)
_KEYS = ["problem", "language", "sample"]


def score_responses(
    responses: pd.DataFrame,
    translator: "Translator",
    pivot: str,
    direction: str,
    batch_tokens: int,
    long_responses: str = "error",
    progress: bool = True,
) -> pd.DataFrame:
    """Score every response in a language other than the pivot.

    A score is 1 / mean token cross-entropy under the translation model, in 1 / nats, averaged
    over the references of the problem; higher is better. As in the released code, the model reads
    responses cleaned as references are, loops too; a response of which that leaves nothing has no
    score. Responses to a problem in a language that are equal then are scored once.

    Parameters
    ----------
    responses
        The columns of `RESPONSES`.
    translator
        For the pivot and the languages of the responses.
    pivot
        The language of the references, see `langneurons.alignment.references.references`.
    direction
        One of `DIRECTIONS`.
    batch_tokens
        Most tokens in a batch, padding included.
    long_responses
        One of `LONG_RESPONSES`. If texts are too long, ``error`` names the first, while ``drop``
        leaves such responses without a score and omits such references.
    progress
        Whether to show a progress bar on stderr.

    Returns
    -------
    pandas.DataFrame
        The columns of `SCORES`, in the order of the responses.

    Raises
    ------
    InputError
        If no problem has a usable reference, or a text is too long; both are detected before the
        model's weights are loaded. Also if a batch does not fit into memory.
    """
    _check_choice("direction", direction, DIRECTIONS)
    _check_choice("long_responses", long_responses, LONG_RESPONSES)
    usable = _references(responses, pivot)
    others = responses[responses["language"] != pivot]
    return _scored(others, usable, translator, direction, batch_tokens, long_responses, progress)


def write_scores(
    responses_path: str | Path,
    output: str | Path,
    spec: "ModelSpec",
    codes: Mapping[str, str] | None,
    pivot: str,
    direction: str,
    batch_tokens: int = 8192,
    long_responses: str = "error",
    share: tuple[int, int] = (1, 1),
    progress: bool = True,
) -> None:
    """Write the scores of one share of a responses artefact's problems.

    Parameters
    ----------
    responses_path
        A responses artefact.
    output
        The scores artefact.
    spec, codes
        The translation model, see `langneurons.alignment.translation.Translator`.
    pivot, direction, batch_tokens, long_responses, progress
        See `score_responses`.
    share
        See `langneurons.responses.collection.write_responses`; `merge_scores` joins the shares.

    Raises
    ------
    InputError
        See `score_responses` and `langneurons.alignment.translation.Translator`.
    """
    from langneurons.alignment.translation import Translator

    _check_choice("direction", direction, DIRECTIONS)
    _check_choice("long_responses", long_responses, LONG_RESPONSES)
    responses = read_table(responses_path, RESPONSES)
    translator = Translator(spec, codes, list(responses["language"].unique()))
    try:
        # From all responses: a share alone may have no references.
        usable = _references(responses, pivot)
        own = share_of_problems(responses, share)
        own = own[own["language"] != pivot]
        scores = _scored(own, usable, translator, direction, batch_tokens, long_responses, progress)
    except InputError as error:
        raise InputError(f"{responses_path}: {error}") from None
    provenance = {
        "inputs": [str(responses_path)],
        "translation": asdict(spec),
        "codes": dict(codes or {}),
        "pivot": pivot,
        "direction": direction,
        "batch_tokens": batch_tokens,
        "long_responses": long_responses,
        "share": list(share),
    }
    write_table(scores, output, SCORES, provenance)


def merge_scores(paths: Sequence[str | Path], output: str | Path, languages: Sequence[str]) -> None:
    """Join the shares of one artefact's scores, in the order that a single job would have written.

    Parameters
    ----------
    languages
        The languages, in their order in the responses artefact.

    Raises
    ------
    InputError
        If two shares hold the same response.
    """
    merge_shares(paths, output, SCORES, languages)


def _references(responses: pd.DataFrame, pivot: str) -> pd.DataFrame:
    """Return the references of all problems; at least one problem must have one."""
    usable = references(responses, pivot)
    problems = responses["problem"].nunique()
    if usable.empty:
        found = int((responses["language"] == pivot).sum())
        raise InputError(
            f"none of the {problems} problems has a usable reference among its {found} responses "
            f"in the pivot {pivot!r}; expected a response that is not empty and repeats no line"
        )
    bare = problems - usable["problem"].nunique()
    if bare:
        logger.warning(
            "%d of %d problems have no usable reference in %s: their responses get no score",
            bare,
            problems,
            pivot,
        )
    return usable


def _scored(
    responses: pd.DataFrame,
    usable: pd.DataFrame,
    translator: "Translator",
    direction: str,
    batch_tokens: int,
    long_responses: str,
    progress: bool,
) -> pd.DataFrame:
    """Return the rows of `SCORES` for responses whose references are among the ``usable``."""
    rows = responses[_KEYS].assign(text=responses["response"].map(_text))
    texts = _with_text(rows).drop_duplicates(["problem", "language", "text"], ignore_index=True)
    usable = usable[usable["problem"].isin(texts["problem"])].reset_index(drop=True)
    to_pivot = direction == "to_pivot"
    texts["tokens"] = _encoded(texts, translator, as_source=to_pivot)
    usable = usable.assign(tokens=_encoded(usable, translator, as_source=not to_pivot))
    texts, usable = (_fitting(table, translator, long_responses) for table in (texts, usable))
    pairs = (
        texts[["problem"]]
        .rename_axis("text")
        .reset_index()
        .merge(usable[["problem"]].rename_axis("reference").reset_index(), on="problem")
    )
    order = ["text", "reference"] if to_pivot else ["reference", "text"]
    tokens = {"text": texts["tokens"].tolist(), "reference": usable["tokens"].tolist()}
    sources, targets = (tokens[side] for side in order)
    logger.info(
        "scores %s pairs of %s responses and %s references: reads %s tokens",
        amount(len(pairs)),
        amount(pairs["text"].nunique()),
        amount(pairs["reference"].nunique()),
        # A source is read once, a target in each of its pairs.
        amount(
            sum(len(sources[row]) for row in pairs[order[0]].unique())
            + sum(len(targets[row]) for row in pairs[order[1]])
        ),
        extra=CONSOLE,
    )
    with lowering("alignment.translation.batch_tokens", batch_tokens):
        losses = translator.decoder.cross_entropies(
            sources, targets, pairs[order].to_numpy(), batch_tokens, progress
        )
    by_text = (1 / pd.Series(losses)).groupby(pairs["text"].to_numpy()).agg(["mean", "size"])
    texts["score"], texts["references"] = by_text["mean"], by_text["size"]
    keys = ["problem", "language", "text"]
    scores = rows.merge(texts[[*keys, "score", "references"]], on=keys, how="left")
    scores["references"] = scores["references"].fillna(0).astype("int32")
    return scores[SCORES.names]


def _text(response: str) -> str | None:
    return cleaned(response) or None


def _with_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a text, and report the others."""
    bare = rows[rows["text"].isna()]
    if len(bare):
        logger.warning(
            "%d of %d responses in %s are empty before ####: they have no score and are in no pair",
            len(bare),
            len(rows),
            " ".join(bare["language"].unique()),
        )
    return rows[rows["text"].notna()]


def _encoded(table: pd.DataFrame, translator: "Translator", as_source: bool) -> pd.Series:
    """Return the token ids of each ``text``."""
    encode = translator.encode_sources if as_source else translator.encode_targets
    tokens = pd.Series(index=table.index, dtype=object)
    for language, rows in table.groupby("language", sort=False).indices.items():
        tokens.iloc[rows] = pd.Series(
            encode(table["text"].iloc[rows].tolist(), language)
        ).to_numpy()
    return tokens


def _fitting(table: pd.DataFrame, translator: "Translator", long_responses: str) -> pd.DataFrame:
    """Return the rows whose tokens fit the translation model, numbered from 0."""
    lengths = table["tokens"].map(len).astype("int64")
    positions = np.inf if translator.positions is None else translator.positions
    too_long = table[lengths > positions]
    if len(too_long) and long_responses == "error":
        row = too_long.iloc[0]
        raise InputError(
            f"{row_name(row)}: {len(row['tokens'])} tokens, but {translator.name} takes at most "
            f"{positions} ({len(too_long)} of {len(table)} texts are too long); "
            "long_responses: drop leaves such texts without a score"
        )
    if len(too_long):
        logger.warning(
            "%d of %d texts in %s have more tokens than the %d of %s and are left out",
            len(too_long),
            len(table),
            " ".join(too_long["language"].unique()),
            positions,
            translator.name,
        )
    return table[lengths <= positions].reset_index(drop=True)


def _check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise InputError(f"{name}: found {value!r}, expected one of {' '.join(choices)}")
