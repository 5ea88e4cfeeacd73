"""Count the response tokens at which each neuron is active, in one pass over the tokens.

As METHOD 1 defines it, a neuron is active where its pre-activation is positive, counted over
response tokens only, under forced decoding of prompt and response. The release obtains the same
counts from two runs, (prompt and response) minus (prompt): no prompt token sees the response.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from langneurons.activations.counts import Counts, write_counts
from langneurons.artifacts.progress import Progress, amount, tokens_in
from langneurons.artifacts.shares import check_share
from langneurons.artifacts.tables import read_table
from langneurons.errors import InputError
from langneurons.job import CONSOLE
from langneurons.models.batches import Batch, batches, check_rows, sequence_lengths
from langneurons.models.loading import load_model, load_skeleton
from langneurons.models.memory import lowering
from langneurons.models.mlps import Mlp, check_causal, find_mlps
from langneurons.models.probing import decoder_of, input_device
from langneurons.models.spec import ModelSpec
from langneurons.responses.schemas import TOKENS

logger = logging.getLogger(__name__)

_FOLDS = 25
_LARGEST_COUNT = np.iinfo(np.int32).max  # of one neuron, language and fold in the artefact


def shares(tokens: pd.DataFrame, n: int) -> list[np.ndarray]:
    """Split the rows of a token table into ``n`` shares with about the same number of tokens.

    A share is a run of whole problems in the table's order; with few problems, some are empty.

    Returns
    -------
    list of numpy.ndarray
        ``n`` arrays of row positions; every row is in exactly one.
    """
    problem, _ = pd.factorize(tokens["problem"])
    prompts, responses = tokens["prompt_tokens"], tokens["response_tokens"]
    lengths = sequence_lengths(prompts) + sequence_lengths(responses)
    sizes = np.bincount(problem, weights=lengths).astype(np.int64)
    # A problem goes to the share in which its middle falls: share = n · middle / total.
    twice_middle = 2 * sizes.cumsum() - sizes
    share = n * twice_middle // max(1, 2 * sizes.sum())
    return [np.flatnonzero(share[problem] == index) for index in range(n)]


def folds_of(problems: Sequence[str] | pd.Series, folds: int | None) -> np.ndarray:
    """Return the fold of each row: the rank of its problem's id, modulo ``folds``.

    The rank is taken among the sorted distinct ids given: pass a whole table, so that its shares
    agree. All languages and samples of a problem are in one fold. None is 25 or, if these are
    fewer, the number of problems.

    Raises
    ------
    InputError
        If there are fewer problems than folds.
    """
    ids, rank = np.unique(np.asarray(problems, dtype=object).astype(str), return_inverse=True)
    folds = min(_FOLDS, len(ids)) if folds is None else folds
    if not 1 <= folds <= len(ids):
        raise InputError(
            f"uncertainty.folds: found {folds}, expected between 1 and the {len(ids)} problems "
            "there are"
        )
    return rank % folds


def count_active(
    model: PreTrainedModel,
    mlps: Sequence[Mlp],
    tokens: pd.DataFrame,
    languages: Sequence[str],
    folds: int,
    batch_tokens: int,
    progress: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """Count active neurons per language and fold.

    Parameters
    ----------
    model, mlps
        A decoder-only model in evaluation mode, and its MLPs from `find_mlps`.
    tokens
        Rows of `TOKENS` with one more column, ``fold`` (`folds_of`).
    languages, folds
        The K languages in the order of the result, and the number F of folds.
    batch_tokens
        Most tokens in a batch, padding included; a longer row forms a batch of its own.
    progress
        Show a progress bar on stderr.

    Returns
    -------
    active : numpy.ndarray
        int64, (K, F, L, D): tokens at which the neuron was active.
    tokens : numpy.ndarray
        int64, (K, F): response tokens.

    Raises
    ------
    InputError
        If a row does not fit the model or ``languages`` (`check_rows`), the model yields numbers
        that are not finite, or a batch does not fit into memory.

    Notes
    -----
    Besides the model and its forward pass, the device holds 4·K·F·L·D bytes of counts and, for one
    batch and one layer at a time, 4·D bytes per token.

    The hardware may sum batches of different shapes in different orders, which can flip the sign
    of a pre-activation that is zero within rounding. Counts are exactly reproducible for the same
    ``batch_tokens``, shares, machine and dtype.
    """
    check_rows(model, tokens, languages)
    tokens = tokens[sequence_lengths(tokens["response_tokens"]) > 0]
    groups = _groups(tokens, languages, folds)
    counted = _count_tokens(tokens, groups, len(languages) * folds)
    counter = _Counter(mlps, len(counted))
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
                counter.batch = batch = batch.to(input_device(model))
                if not _states_are_finite(decoder, batch):
                    raise InputError(_where_not_finite(model, mlps, batch))
                bar.update(batch.tokens)
    finally:
        for hook in hooks:
            hook.remove()
    shape = (len(languages), folds)
    return counter.result().reshape(*shape, len(mlps), mlps[0].width), counted.reshape(shape)


def collect_activations(
    spec: ModelSpec,
    tokens_path: str | Path,
    output: str | Path,
    languages: Sequence[str],
    folds: int | None,
    share: tuple[int, int] = (1, 1),
    batch_tokens: int = 8192,
    progress: bool = True,
) -> None:
    """Count the active neurons of one share of a token table and write the activations artefact.

    Every language (in the order of ``languages``), fold and layer gets a row, so that the artefacts
    of all shares add up row by row. The weights are loaded only if there are tokens to run.

    Parameters
    ----------
    share
        Index of the share, from 1, and the number of shares.

    Raises
    ------
    InputError
        As `load_model`, `find_mlps`, `check_causal`, `folds_of` and `count_active`.
    """
    index, of = check_share(share)
    table = read_table(tokens_path, TOKENS)
    table["fold"] = folds_of(table["problem"], folds)
    folds = int(table["fold"].max()) + 1
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
        model = load_model(spec)
        mlps = find_mlps(model)
        check_causal(model)
        active, tokens = count_active(
            model, mlps, rows, languages, folds, batch_tokens, progress=progress
        )
    else:
        mlps = find_mlps(load_skeleton(spec))
        active = np.zeros((len(languages), folds, len(mlps), mlps[0].width), dtype=np.int64)
        tokens = np.zeros((len(languages), folds), dtype=np.int64)
    provenance = {
        "inputs": [str(tokens_path)],
        "model": asdict(spec),
        "batch_tokens": batch_tokens,
        "share": list(share),
    }
    write_counts(Counts(active, tokens, tuple(languages)), output, provenance)


def _groups(tokens: pd.DataFrame, languages: Sequence[str], folds: int) -> np.ndarray:
    """Return language · F + fold of each row."""
    index = {language: position for position, language in enumerate(languages)}
    language = tokens["language"].map(index).to_numpy(dtype=np.int64)
    return language * folds + tokens["fold"].to_numpy(dtype=np.int64)


def _count_tokens(tokens: pd.DataFrame, groups: np.ndarray, number: int) -> np.ndarray:
    """Count the response tokens of each group."""
    counted = np.zeros(number, dtype=np.int64)
    np.add.at(counted, groups, sequence_lengths(tokens["response_tokens"]))
    if counted.max(initial=0) > _LARGEST_COUNT:
        raise InputError(
            f"{counted.max()} response tokens in one fold of one language; use more folds"
        )
    return counted


class _Counter:
    """Running counts of active neurons, one tensor (groups, D) per layer, on the layer's device."""

    batch: Batch
    """The batch that runs through the model; set before each."""

    def __init__(self, mlps: Sequence[Mlp], groups: int) -> None:
        self._shape = (groups, mlps[0].width)
        self._counts: list[Tensor | None] = [None] * len(mlps)

    def hook(self, position: int) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        """Return the forward pre-hook that counts for one MLP's activation function."""

        def count(_: nn.Module, arguments: tuple[Tensor, ...]) -> None:
            batch = self.batch
            device = arguments[0].device
            # Some decoders flatten their rows: (B·S, D).
            pre_activations = arguments[0].reshape(*batch.ids.shape, -1)  # (B, S, D)
            # Ones and zeros add up exactly in float32 up to 2^24 tokens per row, and a product is
            # several times faster than summing booleans.
            active = torch.empty(pre_activations.shape, dtype=torch.float32, device=device)
            torch.gt(pre_activations, 0, out=active)
            response = batch.response[:, None].to(device, torch.float32)  # (B, 1, S)
            by_row = torch.bmm(response, active)[:, 0]  # (B, D)
            counts = self._counts[position]
            if counts is None:
                counts = torch.zeros(self._shape, dtype=torch.int32, device=device)
                self._counts[position] = counts
            counts.index_add_(0, batch.groups.to(device), by_row.to(torch.int32))

        return count

    def result(self) -> np.ndarray:
        """Return the counts as int64, (groups, L, D)."""
        none = torch.zeros(self._shape, dtype=torch.int32)
        layers = [none if counts is None else counts.cpu() for counts in self._counts]
        return torch.stack(layers, dim=1).numpy().astype(np.int64)


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
