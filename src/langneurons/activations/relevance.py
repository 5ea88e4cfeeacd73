"""How much each neuron matters to what a model predicts: |activation × gradient of the NLL|.

After the idea of CRANE (arXiv 2601.04664), necessity in place of activity: a · ∂NLL/∂a is, to first
order, by how much the NLL of a text would fall if the neuron were switched off at one token. NLL is
the sum over the text's response tokens, so the gradient at a token is of that text from there on.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from langneurons.activations.counts import Counts
from langneurons.activations.reading import groups_of, response_tokens, share_of_tokens
from langneurons.activations.sums import write_sums
from langneurons.artifacts.progress import Progress, tokens_in
from langneurons.artifacts.tables import WORK
from langneurons.errors import InputError
from langneurons.models.batches import Batch, batches, check_rows
from langneurons.models.head import Head
from langneurons.models.likelihood import nll_backward
from langneurons.models.loading import load_config, load_model, load_skeleton
from langneurons.models.memory import lowering
from langneurons.models.mlps import Mlp, check_causal, find_mlps
from langneurons.models.probing import decoder_of, input_device
from langneurons.models.quantised import check_gradients
from langneurons.models.spec import ModelSpec

#: The method of selection that reads relevance.
METHOD = "relevance"


def relevance_sums(
    model: PreTrainedModel,
    mlps: Sequence[Mlp],
    tokens: pd.DataFrame,
    languages: Sequence[str],
    folds: int,
    batch_tokens: int,
    progress: bool = True,
) -> Counts:
    """Sum |a · ∂NLL/∂a| over response tokens, by language and fold.

    a is a neuron's activation, before the product with ``up`` (METHOD 1), and NLL the sum of the
    negative log-likelihoods of the text's response tokens, in nats.

    Parameters
    ----------
    model, mlps
        A decoder-only model in evaluation mode whose parameters require no gradients, and its MLPs
        from `find_mlps`.
    tokens
        Rows of `TOKENS` with one more column, ``fold``.
    languages, folds
        The K languages in the order of the result, and the number F of folds.
    batch_tokens
        Most tokens in a batch, padding included; a longer row forms a batch of its own.

    Returns
    -------
    Counts
        Sums, float64 (K, F, L, D), over response tokens, (K, F).

    Raises
    ------
    InputError
        If a row does not fit the model or ``languages``, the model's logits cannot be computed from
        its last states, it yields numbers that are not finite, or a batch does not fit into memory.

    Notes
    -----
    One forward and one backward pass, through activations only. A batch's activations stay in
    memory until the backward pass has used them: batches must be several times smaller than where
    tokens are only counted. In float16 small gradients become 0; bfloat16 and float32 keep them.
    """
    check_rows(model, tokens, languages)
    groups = groups_of(tokens, languages, folds)
    head = Head(model)
    sums = _Sums(mlps, len(languages) * folds)
    decoder = decoder_of(model)
    hooks = [
        mlp.activation.register_forward_hook(sums.hook(position))
        for position, mlp in enumerate(mlps)
    ]
    try:
        with (
            torch.enable_grad(),
            lowering("collection.backward_batch_tokens", batch_tokens),
            Progress(tokens_in(tokens), "token", show=progress) as bar,
        ):
            for batch in batches(tokens, groups, batch_tokens, decoder.config):
                batch = batch.to(input_device(model))
                sums.begin(batch)
                # No attention mask: in a causal model no token sees the padding to its right.
                states = decoder(input_ids=batch.ids, use_cache=False)[0]
                nll_backward(head, states, batch)
                if where := sums.not_finite():
                    raise InputError(
                        f"{model.name_or_path or type(model).__name__}: NaN or infinite numbers "
                        f"in {where} ({model.dtype}); the checkpoint is damaged, or its numbers "
                        "overflow in this dtype"
                    )
                bar.update(batch.tokens)
    finally:
        for hook in hooks:
            hook.remove()
    shape = (len(languages), folds)
    found = np.stack([layer.numpy() for layer in sums.layers], axis=1)  # (K·F, L, D)
    counted = response_tokens(tokens, groups, shape)
    return Counts(found.reshape(*shape, *found.shape[1:]), counted, tuple(languages))


def measure_relevance(
    spec: ModelSpec,
    tokens_path: str | Path,
    output: str | Path,
    languages: Sequence[str],
    folds: int | None,
    share: tuple[int, int] = (1, 1),
    batch_tokens: int = 1024,
    progress: bool = True,
) -> None:
    """Sum the relevance of neurons over one share of a token table, and write a `SUMS` artefact.

    Every language, fold and layer gets a row, so that the artefacts of all shares add up row by
    row. Weights are loaded only if there are tokens to run.

    Parameters
    ----------
    share
        Index of the share, from 1, and the number of shares.

    Raises
    ------
    InputError
        As `relevance_sums`; if the model cannot be loaded or analysed; or if it is quantised, which
        is detected before the weights are loaded.
    """
    check_gradients(spec.path, load_config(spec).to_dict(), f"neurons.{METHOD}")
    rows, folds = share_of_tokens(tokens_path, folds, share)
    if len(rows):
        model = load_model(spec)
        mlps = find_mlps(model)
        check_causal(model)
        sums = relevance_sums(model, mlps, rows, languages, folds, batch_tokens, progress)
    else:
        mlps = find_mlps(load_skeleton(spec))
        zeros = np.zeros((len(languages), folds, len(mlps), mlps[0].width))
        none = np.zeros(zeros.shape[:2], dtype=np.int64)
        sums = Counts(zeros, none, tuple(languages))
    provenance = {
        "inputs": [str(tokens_path)],
        "model": asdict(spec),
        "batch_tokens": batch_tokens,
        "share": list(share),
        **dict.fromkeys(WORK, tokens_in(rows)),
    }
    write_sums(sums, output, provenance)


class _Sums:
    """Running sums of each layer, float64 on the CPU, (groups, D) each."""

    def __init__(self, mlps: Sequence[Mlp], groups: int) -> None:
        self.layers = [torch.zeros(groups, mlp.width, dtype=torch.float64) for mlp in mlps]
        self._finite: dict[int, Tensor] = {}

    def begin(self, batch: Batch) -> None:
        """Take the batch that runs through the model next."""
        self._batch, self._groups = batch, batch.groups.cpu()
        self._finite = {}

    def hook(self, layer: int) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
        """Return the forward hook on one MLP's activation function."""

        def follow(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> Tensor:
            # Parameters require no gradients: the graph begins at the first layer's activations.
            if not output.requires_grad:
                output = output.detach().requires_grad_()
            values = output.detach()
            self._finite[layer] = self._of_response(values).isfinite().all()

            def add(gradient: Tensor) -> None:
                products = self._of_response(values * gradient).abs()
                products = products if products.dtype == torch.float64 else products.float()
                by_row = products.sum(dim=1)  # (B, D)
                self.layers[layer].index_add_(0, self._groups, by_row.cpu().double())

            output.register_hook(add)
            return output

        return follow

    def not_finite(self) -> str | None:
        """Return where a number of the batch that has run is not finite, or None."""
        for layer, finite in sorted(self._finite.items()):
            if not finite:
                return f"the neurons of layer {layer}"
        for layer, sums in enumerate(self.layers):
            if not sums.isfinite().all():
                return f"the gradients of layer {layer}"
        return None

    def _of_response(self, values: Tensor) -> Tensor:
        """Return values as (B, S, D), 0 at all but response tokens; some decoders flatten rows."""
        response = self._batch.response.to(values.device)
        rows = values.reshape(*response.shape, -1)
        return rows.masked_fill(~response[..., None], 0)
