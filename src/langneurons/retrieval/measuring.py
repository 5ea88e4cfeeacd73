"""Measure one model on one data set: retrieval at every layer, and losses."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
from transformers import PreTrainedModel

from langneurons.artifacts.progress import amount, tokens_in
from langneurons.artifacts.tables import read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.job import CONSOLE
from langneurons.models.batches import check_rows
from langneurons.models.loading import load_model, load_tokenizer
from langneurons.models.mlps import check_causal
from langneurons.models.spec import ModelSpec
from langneurons.responses.schemas import TOKENS
from langneurons.retrieval.losses import losses_of, translation_tokens, translations
from langneurons.retrieval.partners import parallel_texts, ranks_by_layer
from langneurons.retrieval.schemas import LOSSES, PARTNERS, TEXT
from langneurons.retrieval.states import pooled_states

logger = logging.getLogger(__name__)


def measure_retrieval(
    spec: ModelSpec,
    tokens_path: str | Path,
    corpus_path: str | Path,
    outputs: Mapping[str, str | Path],
    languages: Sequence[str],
    pivot: str,
    parameters: Mapping[str, Any],
    batch_tokens: int = 8192,
    progress: bool = True,
) -> None:
    """Write `PARTNERS` and `LOSSES` of a model on parallel texts.

    Parameters
    ----------
    spec
        The model.
    tokens_path
        A table of `TOKENS`, of texts that are parallel over all languages.
    corpus_path
        The same problems as a table of `CORPUS`; its questions are translated.
    outputs
        Paths under the keys partners and losses.
    languages, pivot
        The languages; partners are looked for among the pivot's texts.
    parameters
        ``problems`` (texts a language, None for all), ``loss_problems`` (texts a language that
        losses are measured on), ``directions`` and ``prompt`` of translations.
    batch_tokens
        Most tokens in a batch, padding included.

    Raises
    ------
    InputError
        If the texts are not parallel or fewer than two; as `load_model`, `check_causal`,
        `check_rows`, `pooled_states`, `losses_of` and `translation_tokens`.
    """
    tokens, corpus = read_table(tokens_path, TOKENS), read_table(corpus_path, CORPUS)
    try:
        texts = parallel_texts(tokens, languages, parameters.get("problems"))
    except InputError as error:
        raise InputError(f"{tokens_path}: {error}") from None
    problems = list(dict.fromkeys(texts["problem"]))
    lost = problems[: parameters["loss_problems"]]
    try:
        asked = {
            direction: translations(corpus, lost, languages, pivot, direction, parameters["prompt"])
            for direction in parameters["directions"]
            if lost
        }
    except InputError as error:
        raise InputError(f"{corpus_path}: {error}") from None
    logger.info(
        "reads %s tokens of %s parallel texts in %d languages",
        amount(tokens_in(texts)),
        amount(len(problems)),
        len(languages),
        extra=CONSOLE,
    )
    model = load_model(spec)
    check_causal(model)
    check_rows(model, texts, languages)
    states = pooled_states(model, texts, batch_tokens, progress)
    by_text = states.reshape(len(problems), len(languages), *states.shape[1:])
    partners = ranks_by_layer(by_text, problems, list(languages), pivot)
    losses = _losses(spec, model, texts[texts["problem"].isin(lost)], asked, batch_tokens)
    provenance = {
        "inputs": [str(tokens_path), str(corpus_path)],
        "model": asdict(spec),
        "pivot": pivot,
        "parameters": dict(parameters),
    }
    write_table(partners, outputs["partners"], PARTNERS, provenance)
    write_table(losses, outputs["losses"], LOSSES, provenance)


def _losses(
    spec: ModelSpec,
    model: PreTrainedModel,
    texts: pd.DataFrame,
    asked: Mapping[str, pd.DataFrame],
    batch_tokens: int,
) -> pd.DataFrame:
    """Return `LOSSES` of texts and of their translations by direction."""
    if texts.empty:
        return LOSSES.empty_table().to_pandas()
    tables = [losses_of(model, texts, TEXT, batch_tokens)]
    tokenizer = load_tokenizer(spec) if asked else None
    for direction, rows in asked.items():
        assert tokenizer is not None
        tokens = translation_tokens(model, tokenizer, rows)
        tables.append(losses_of(model, tokens, direction, batch_tokens))
    return pd.concat(tables, ignore_index=True)
