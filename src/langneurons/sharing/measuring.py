"""Measure one model on one data set: the classes of its neurons, and what they contribute."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from transformers import PreTrainedModel

from langneurons.artifacts.progress import Progress, amount, tokens_in
from langneurons.artifacts.tables import read_table, write_table
from langneurons.errors import InputError
from langneurons.job import CONSOLE
from langneurons.models.batches import batches, check_rows
from langneurons.models.loading import load_model
from langneurons.models.memory import lowering
from langneurons.models.mlps import Mlp, check_causal, find_mlps
from langneurons.models.probing import decoder_of
from langneurons.models.readout import Readout, find_readout
from langneurons.models.spec import ModelSpec
from langneurons.responses.parallel import in_all_languages
from langneurons.responses.schemas import TOKENS
from langneurons.sharing.observer import Observer, Seen
from langneurons.sharing.schemas import PROMPT, SHARING, SHARING_NEURONS
from langneurons.sharing.totals import Totals

logger = logging.getLogger(__name__)

#: Bytes that the problems read together may hold.
_HELD = 1 << 28
WHY = "a neuron is shared by languages that say the same (sharing)"


def measure_sharing(
    spec: ModelSpec,
    tokens_path: str | Path,
    outputs: Mapping[str, str | Path],
    languages: Sequence[str],
    parameters: Mapping[str, Any],
    batch_tokens: int = 8192,
    progress: bool = True,
) -> None:
    """Write `SHARING` and `SHARING_NEURONS` of a model on parallel texts.

    Parameters
    ----------
    spec
        The model.
    tokens_path
        A table of `TOKENS`, of texts that are parallel over all languages.
    outputs
        Paths under the keys problems and neurons.
    languages
        The K languages.
    parameters
        ``problems`` (how many, from the first; None for all) and ``read``: `PROMPT`, up to its last
        token, which the answer's first follows, or `TEXT`, prompt and response.
    batch_tokens
        Most tokens in a batch, padding included.

    Raises
    ------
    InputError
        If the texts are not parallel or a prompt has no tokens, before the model is loaded; as
        `load_model`, `find_mlps`, `check_causal`, `check_rows` and `Observer`; or if the model
        yields numbers that are not finite.
    """
    tokens = read_table(tokens_path, TOKENS)
    try:
        texts = in_all_languages(tokens, languages, parameters.get("problems"), WHY)
        rows = _read_to(texts, parameters["read"])
    except InputError as error:
        raise InputError(f"{tokens_path}: {error}") from None
    problems = list(dict.fromkeys(rows["problem"]))
    logger.info(
        "reads %s tokens of %s parallel texts in %d languages",
        amount(tokens_in(rows)),
        amount(len(problems)),
        len(languages),
        extra=CONSOLE,
    )
    model = load_model(spec)
    mlps = find_mlps(model)
    check_causal(model)
    check_rows(model, rows, languages)
    readout, unknown = _readout(model, mlps)
    totals = Totals(languages, len(mlps), mlps[0].width)
    measured = tokens_in(rows)
    with (
        torch.inference_mode(),
        lowering("collection.batch_tokens", batch_tokens),
        Progress(measured, "token", show=progress) as bar,
    ):
        observer = Observer(model, mlps, readout)
        with observer.watching():
            for chunk in _chunks(rows, len(languages), totals.size):
                totals.add(_seen(model, observer, chunk, batch_tokens, bar), chunk["problem"])
    _demand_finite(model, totals)
    provenance = {
        "inputs": [str(tokens_path)],
        "model": asdict(spec),
        "languages": list(languages),
        "parameters": dict(parameters),
        "no_effective_scores": unknown,
    }
    write_table(totals.by_problem(), outputs["problems"], SHARING, provenance)
    write_table(totals.by_neuron(), outputs["neurons"], SHARING_NEURONS, provenance)


def _read_to(texts: pd.DataFrame, read: str) -> pd.DataFrame:
    """Return the tokens that are read, the last one as the response, and the one that follows."""
    if read == PROMPT:
        sequences = texts["prompt_tokens"].map(list)
        follows = texts["response_tokens"].map(lambda ids: int(ids[0]))
    else:
        sequences = texts["prompt_tokens"].map(list) + texts["response_tokens"].map(list)
        follows = pd.Series(-1, index=texts.index)
    empty = sequences.map(len) == 0
    if empty.any():
        row = texts[empty].iloc[0]
        raise InputError(
            f"problem {row['problem']!r}, language {row['language']}: the prompt has no tokens, "
            "expected at least one: neurons are looked at at its last one (sharing)"
        )
    return texts.assign(
        prompt_tokens=sequences.map(lambda ids: ids[:-1]),
        response_tokens=sequences.map(lambda ids: ids[-1:]),
        follows=follows,
    )


def _readout(model: PreTrainedModel, mlps: Sequence[Mlp]) -> tuple[Readout | None, str | None]:
    """Return a model's direct path to the logits, or why it is not known."""
    try:
        return find_readout(model, mlps), None
    except InputError as error:
        logger.warning("no effective scores: %s", error)
        return None, str(error)


def _chunks(rows: pd.DataFrame, languages: int, neurons: int) -> Iterator[pd.DataFrame]:
    """Yield rows of a few problems at a time, so that not much is held at once."""
    # A byte for the sign, and two numbers, which are there twice.
    problems = max(1, _HELD // (17 * languages * neurons))
    for start in range(0, len(rows), problems * languages):
        yield rows.iloc[start : start + problems * languages]


def _seen(
    model: PreTrainedModel,
    observer: Observer,
    chunk: pd.DataFrame,
    batch_tokens: int,
    bar: Progress,
) -> Seen:
    """Return what is seen at the last tokens of some texts, in the order of the rows."""
    follows = torch.tensor(chunk["follows"].tolist())
    given = bool((follows >= 0).all())
    groups = np.arange(len(chunk), dtype=np.int64)
    parts, places = [], []
    for batch in batches(chunk, groups, batch_tokens, decoder_of(model).config):
        places.append(batch.groups)
        parts.append(observer.see(batch, follows[batch.groups] if given else None))
        bar.update(batch.tokens)
    order = torch.cat(places).argsort()
    return Seen(*(torch.cat(some)[order] for some in zip(*map(_fields, parts), strict=True)))


def _fields(seen: Seen) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return seen.active, seen.contribution, seen.effective


def _demand_finite(model: PreTrainedModel, totals: Totals) -> None:
    bad = np.flatnonzero(~np.isfinite(totals.contribution).all(axis=1))
    if bad.size:
        raise InputError(
            f"{model.name_or_path or type(model).__name__}: NaN or infinite numbers in the neurons "
            f"of layer {bad[0]} ({model.dtype}); the checkpoint is damaged, or its numbers "
            "overflow in this dtype"
        )
