"""Count the response tokens at which each neuron is active, in one pass over the tokens.

As METHOD 1 defines it, a neuron is active where its pre-activation is positive, counted over
response tokens only, under forced decoding of prompt and response. The release obtains the same
counts from two runs, (prompt and response) minus (prompt): no prompt token sees the response.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from transformers import PreTrainedModel

from langneurons.activations.class_counts import ClassCounts, write_class_counts
from langneurons.activations.counter import Counter
from langneurons.activations.counts import Counts, write_counts
from langneurons.activations.reading import groups_of, response_tokens, share_of_tokens
from langneurons.activations.token_classes import classes_of_tokens
from langneurons.artifacts.progress import Progress, tokens_in
from langneurons.errors import InputError
from langneurons.models.batches import Batch, batches, check_rows, sequence_lengths
from langneurons.models.loading import load_model, load_skeleton, load_tokenizer
from langneurons.models.memory import lowering
from langneurons.models.mlps import Mlp, check_causal, find_mlps
from langneurons.models.probing import decoder_of, input_device
from langneurons.models.spec import ModelSpec

_LARGEST_COUNT = np.iinfo(np.int32).max  # of one neuron and language in the artefacts


def count_active(
    model: PreTrainedModel,
    mlps: Sequence[Mlp],
    tokens: pd.DataFrame,
    classes: np.ndarray,
    languages: Sequence[str],
    folds: int,
    batch_tokens: int,
    progress: bool = True,
) -> tuple[Counts, ClassCounts]:
    """Count active neurons per language and fold, and per language and class of token.

    Parameters
    ----------
    model, mlps
        A decoder-only model in evaluation mode, and its MLPs from `find_mlps`.
    tokens
        Rows of `TOKENS` with one more column, ``fold`` (`folds_of`).
    classes
        The class of each token id, see `classes_of_tokens`.
    languages, folds
        The K languages in the order of the result, and the number F of folds.
    batch_tokens
        Most tokens in a batch, padding included; a longer row forms a batch of its own.
    progress
        Show a progress bar on stderr.

    Returns
    -------
    tuple
        The counts by fold, and by class of token.

    Raises
    ------
    InputError
        If a row does not fit the model or ``languages`` (`check_rows`), the model yields numbers
        that are not finite, or a batch does not fit into memory.

    Notes
    -----
    Besides the model and its forward pass, the device holds 4·K·(F + 11)·L·D bytes of counts and,
    for one batch and one layer at a time, 4·D bytes per token and 96·D per row.

    The hardware may sum batches of different shapes in different orders, which can flip the sign
    of a pre-activation that is zero within rounding. Counts are exactly reproducible for the same
    ``batch_tokens``, shares, machine and dtype.
    """
    check_rows(model, tokens, languages)
    tokens = tokens[sequence_lengths(tokens["response_tokens"]) > 0]
    groups = groups_of(tokens, languages, folds)
    counted = _count_tokens(tokens, groups, (len(languages), folds))
    counter = Counter(mlps, len(languages), folds, classes)
    hooks = [
        mlp.activation.register_forward_pre_hook(counter.hook(position))
        for position, mlp in enumerate(mlps)
    ]
    total = sum(map(len, tokens["prompt_tokens"])) + int(counted.sum())
    decoder = decoder_of(model)
    try:
        with (
            lowering("collection.batch_tokens", batch_tokens),
            Progress(total, "token", show=progress) as bar,
        ):
            for batch in batches(tokens, groups, batch_tokens, decoder.config):
                batch = batch.to(input_device(model))
                counter.begin(batch)
                if not _states_are_finite(decoder, batch):
                    raise InputError(_where_not_finite(model, mlps, batch))
                bar.update(batch.tokens)
    finally:
        for hook in hooks:
            hook.remove()
    return _found(counter, counted, languages)


def collect_activations(
    spec: ModelSpec,
    tokens_path: str | Path,
    output: str | Path,
    class_output: str | Path,
    languages: Sequence[str],
    folds: int | None,
    share: tuple[int, int] = (1, 1),
    batch_tokens: int = 8192,
    progress: bool = True,
) -> None:
    """Count the active neurons of one share of a token table and write the activations artefacts.

    Every language (in the order of ``languages``), fold or class of token, and layer gets a row, so
    that the artefacts of all shares add up row by row. Weights and tokenizer are loaded only if
    there are tokens to run.

    Parameters
    ----------
    share
        Index of the share, from 1, and the number of shares.

    Raises
    ------
    InputError
        As `load_model`, `load_tokenizer`, `find_mlps`, `check_causal`, `folds_of` and
        `count_active`.
    """
    rows, folds = share_of_tokens(tokens_path, folds, share)
    if len(rows):
        parts = (rows["prompt_tokens"], rows["response_tokens"])
        classes = classes_of_tokens(load_tokenizer(spec), [ids for part in parts for ids in part])
        model = load_model(spec)
        mlps = find_mlps(model)
        check_causal(model)
        counts, by_class = count_active(
            model, mlps, rows, classes, languages, folds, batch_tokens, progress=progress
        )
    else:
        mlps = find_mlps(load_skeleton(spec))
        none = Counter(mlps, len(languages), folds, np.zeros(0, dtype=np.int64))
        nothing = np.zeros((len(languages), folds), dtype=np.int64)
        counts, by_class = _found(none, nothing, languages)
    provenance = {
        "inputs": [str(tokens_path)],
        "model": asdict(spec),
        "batch_tokens": batch_tokens,
        "share": list(share),
        "forward_tokens": tokens_in(rows),
        "backward_tokens": 0,
    }
    write_counts(counts, output, provenance)
    write_class_counts(by_class, class_output, provenance)


def _count_tokens(tokens: pd.DataFrame, groups: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Count the response tokens of each language and fold, (K, F)."""
    counted = response_tokens(tokens, groups, shape)
    most = counted.sum(axis=1).max(initial=0)
    if most > _LARGEST_COUNT:
        raise InputError(
            f"{most} response tokens in one language, expected at most {_LARGEST_COUNT}; give the "
            "data set fewer texts"
        )
    return counted


def _found(
    counter: Counter, tokens: np.ndarray, languages: Sequence[str]
) -> tuple[Counts, ClassCounts]:
    names = tuple(languages)
    return Counts(counter.totals(), tokens, names), ClassCounts(*counter.by_class(), names)


@torch.no_grad()
def _states_are_finite(decoder: PreTrainedModel, batch: Batch) -> bool:
    """Run a batch and return whether the response tokens' last states are finite."""
    # No attention mask: in a causal model no token sees the padding to its right, and positions
    # are the same without it.
    states = decoder(input_ids=batch.ids, use_cache=False)[0]
    # A number that is not finite stays so along the residual stream, up to the last state.
    return bool((states.isfinite().all(dim=-1) | ~batch.response).all())


def _where_not_finite(model: PreTrainedModel, mlps: Sequence[Mlp], batch: Batch) -> str:
    """Run a batch again and name the first layer with a number that is not finite."""
    found: list[int] = []
    hooks = [
        mlp.activation.register_forward_pre_hook(
            lambda _, arguments, layer=mlp.layer: (
                None if arguments[0].isfinite().all() else found.append(layer)
            )
        )
        for mlp in mlps
    ]
    try:
        _states_are_finite(decoder_of(model), batch)
    finally:
        for hook in hooks:
            hook.remove()
    where = f"the neurons of layer {found[0]}" if found else "its last states"
    return (
        f"{model.name_or_path or type(model).__name__}: NaN or infinite numbers in {where} "
        f"({model.dtype}); the checkpoint is damaged, or its numbers overflow in this dtype"
    )
