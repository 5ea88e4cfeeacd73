"""Histograms of each neuron's activations over the response tokens of each language.

For distribution-aware language neurons: not whether a neuron is active, but how strongly. Only the
overlaps of the histograms are kept; layers are done in blocks that fit into memory.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from langneurons.activations.bins import BINS, HALVES, Histograms, Ranges, blocks_of
from langneurons.activations.counts import Counts
from langneurons.activations.overlaps import overlaps_of, write_overlaps
from langneurons.activations.reading import groups_of, response_tokens, share_of_tokens
from langneurons.activations.sums import write_sums
from langneurons.artifacts.progress import Progress, tokens_in
from langneurons.errors import InputError
from langneurons.job import CONSOLE
from langneurons.models.batches import Batch, batches, check_rows
from langneurons.models.loading import load_model
from langneurons.models.memory import lowering
from langneurons.models.mlps import Mlp, check_causal, find_mlps
from langneurons.models.probing import decoder_of, input_device
from langneurons.models.spec import ModelSpec

logger = logging.getLogger(__name__)

#: Texts of each language that the range of each neuron's bins is taken from.
SAMPLE = 10
_See = Callable[[int, Tensor, Tensor], None]


def measured_overlaps(
    model: PreTrainedModel,
    mlps: Sequence[Mlp],
    tokens: pd.DataFrame,
    languages: Sequence[str],
    batch_tokens: int,
    memory: int,
    progress: bool = True,
) -> tuple[np.ndarray, Counts, np.ndarray, int]:
    """Run a model over texts, once for ranges on a sample and once for each block of layers.

    Parameters
    ----------
    tokens
        Rows of `TOKENS` with one more column, ``fold``; even and odd folds are the halves.
    batch_tokens
        Most tokens in a batch, padding included.
    memory
        As for `blocks_of`.

    Returns
    -------
    overlaps, sums, outside, read
        Overlaps of all pairs of languages, float32 (3, L, pairs, D), of all texts and the halves;
        sums of the activations by half, as `Counts` with two folds; the share of values beyond the
        range of their bins, by language, (K,); and the tokens read, in all passes together.

    Raises
    ------
    InputError
        If a row does not fit the model or ``languages``, a language has no response token, numbers
        are not finite, or a batch or one layer's histograms do not fit into memory.
    """
    K, L, D = len(languages), len(mlps), mlps[0].width
    blocks = blocks_of(L, D, K, memory)
    check_rows(model, tokens, languages)
    groups = groups_of(tokens.assign(fold=tokens["fold"] % HALVES), languages, HALVES)
    counted = response_tokens(tokens, groups, (K, HALVES))
    if silent := [name for name, n in zip(languages, counted.sum(axis=1), strict=True) if not n]:
        raise InputError(f"no response tokens were counted for {' '.join(silent)}")
    sample = (tokens.groupby("language").cumcount() < SAMPLE).to_numpy()
    logger.info(
        "%d bins for each neuron, language and half of the texts: %d MB in %d pass%s of up to %d "
        "layers (collection.histogram_memory: %d), after one over %d texts for their ranges",
        BINS,
        K * HALVES * D * BINS * 4 * len(blocks[0]) / 1e6,
        len(blocks),
        "es" * (len(blocks) > 1),
        len(blocks[0]),
        memory,
        sample.sum(),
        extra=CONSOLE,
    )
    overlaps = np.empty((3, L, K * (K - 1) // 2, D), dtype=np.float32)
    sums = np.empty((K, HALVES, L, D))
    outside = np.zeros(K, dtype=np.int64)
    total = tokens_in(tokens[sample]) + len(blocks) * tokens_in(tokens)
    with (
        torch.inference_mode(),
        lowering("collection.batch_tokens", batch_tokens),
        Progress(total, "token", show=progress) as bar,
    ):
        ranges = Ranges(L, D)
        _run(model, mlps, range(L), tokens[sample], groups[sample], batch_tokens, ranges.see, bar)
        for block in blocks:
            found = Histograms(block, ranges, K, D)
            _run(model, mlps, block, tokens, groups, batch_tokens, found.see, bar)
            for layer in block:
                even, odd = found.halves(layer)
                for place, histograms in enumerate((even + odd, even, odd)):
                    overlaps[place, layer] = overlaps_of(histograms)
                sums[:, :, layer] = found.sums[layer].numpy().reshape(K, HALVES, D)
            outside += found.outside.numpy()
    share = outside / (counted.sum(axis=1) * L * D)
    return overlaps, Counts(sums, counted, tuple(languages)), share, total


def measure_overlaps(
    spec: ModelSpec,
    tokens_path: str | Path,
    output: str | Path,
    means_output: str | Path,
    languages: Sequence[str],
    folds: int | None,
    batch_tokens: int = 8192,
    histogram_memory: int = 4000,
    progress: bool = True,
) -> None:
    """Write `OVERLAPS` of a model's texts, and the sums of activations by half as `SUMS`.

    Parameters
    ----------
    histogram_memory
        As ``memory`` of `blocks_of`; no result depends on it.

    Raises
    ------
    InputError
        As `measured_overlaps`, and if the model cannot be loaded or analysed.
    """
    rows, _ = share_of_tokens(tokens_path, folds, (1, 1))
    model = load_model(spec)
    mlps = find_mlps(model)
    check_causal(model)
    settings = (languages, batch_tokens, histogram_memory, progress)
    overlaps, sums, outside, read = measured_overlaps(model, mlps, rows, *settings)
    logger.info(
        "beyond the ranges of a sample of %d texts a language, counted in the first and last bins: "
        "%s",
        SAMPLE,
        ", ".join(f"{name} {share:.2%}" for name, share in zip(languages, outside, strict=True)),
    )
    facts = {
        "inputs": [str(tokens_path)],
        "model": asdict(spec),
        "bins": BINS,
        "sampled_texts": SAMPLE,
        "outside": dict(zip(languages, outside.tolist(), strict=True)),
        "forward_tokens": read,
        "backward_tokens": 0,
    }
    of_texts = np.stack([sums.tokens.sum(axis=1), *sums.tokens.T])  # (3, K)
    write_overlaps(overlaps, of_texts, languages, output, facts)
    write_sums(sums, means_output, facts)


def _run(
    model: PreTrainedModel,
    mlps: Sequence[Mlp],
    layers: Sequence[int],
    tokens: pd.DataFrame,
    groups: np.ndarray,
    batch_tokens: int,
    see: _See,
    bar: Progress,
) -> None:
    """Show the activations of some layers at response tokens, float32 (n, D), and their groups."""
    decoder = decoder_of(model)
    with _hooks(mlps, layers, see) as begin:
        for batch in batches(tokens, groups, batch_tokens, decoder.config):
            batch = batch.to(input_device(model))
            begin(batch)
            # No attention mask: in a causal model no token sees the padding to its right.
            decoder(input_ids=batch.ids, use_cache=False)
            bar.update(batch.tokens)


@contextmanager
def _hooks(
    mlps: Sequence[Mlp], layers: Sequence[int], see: _See
) -> Iterator[Callable[[Batch], None]]:
    """Hook activation functions while a block runs; it is given what takes the next batch."""
    current: list[Batch] = []

    def begin(batch: Batch) -> None:
        current[:] = [batch]

    def hook(layer: int) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def show(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
            batch = current[0]
            response = batch.response.to(output.device)
            # Some decoders flatten their rows.
            values = output.reshape(*response.shape, -1)[response].float()  # (n, D)
            if not values.isfinite().all():
                raise InputError(
                    f"NaN or infinite numbers in the neurons of layer {layer} ({output.dtype}); "
                    "the checkpoint is damaged, or its numbers overflow in this dtype"
                )
            groups = batch.groups[:, None].expand(batch.response.shape)[batch.response]
            see(layer, values, groups)

        return show

    handles = [mlps[layer].activation.register_forward_hook(hook(layer)) for layer in layers]
    try:
        yield begin
    finally:
        for handle in handles:
            handle.remove()
