"""Count the texts in which each neuron is among the most important of its layer and component."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from transformers import PreTrainedModel

from langneurons.activations.counts import Counts, write_counts
from langneurons.activations.reading import FOLDS, announce, folds_of, groups_of, shares
from langneurons.artifacts.progress import Progress, tokens_in
from langneurons.artifacts.shares import check_share
from langneurons.artifacts.tables import read_table
from langneurons.errors import InputError
from langneurons.importance.components import FFN, RELEASED
from langneurons.importance.measuring import Importance
from langneurons.models.batches import Batch, batches, check_rows, sequence_lengths
from langneurons.models.loading import load_model
from langneurons.models.memory import lowering
from langneurons.models.mlps import check_causal
from langneurons.models.probing import decoder_of, input_device
from langneurons.models.spec import ModelSpec
from langneurons.responses.schemas import TOKENS

logger = logging.getLogger(__name__)


def chosen_texts(tokens: pd.DataFrame, texts: int, folds: int | None) -> pd.DataFrame:
    """Return the first texts of each language that have a response, with their ``fold``.

    Parameters
    ----------
    tokens
        Rows of `TOKENS`.
    texts
        How many of each language, at most.
    folds
        At most; None is 25. If there are fewer problems among these texts, each is a fold.
    """
    with_response = tokens[sequence_lengths(tokens["response_tokens"]) > 0]
    chosen = with_response.groupby("language", sort=False).head(texts)
    fewer = min(folds or FOLDS, chosen["problem"].nunique())
    return chosen.assign(fold=folds_of(chosen["problem"], fewer) if len(chosen) else 0)


def count_hits(
    model: PreTrainedModel,
    tokens: pd.DataFrame,
    components: Sequence[str],
    languages: Sequence[str],
    folds: int,
    released: bool = False,
    top_rate: float = 0.01,
    batch_tokens: int = 8192,
    progress: bool = True,
) -> tuple[dict[str, Counts], dict[str, int]]:
    """Count in how many texts each neuron is among the top share of its layer and component.

    A text is a prompt with its response; all of its tokens count. A neuron whose importance is 0 is
    never a hit.

    Parameters
    ----------
    model
        A decoder-only model with weights, in evaluation mode.
    tokens
        Rows of `TOKENS` with a response, and ``fold``.
    components, released
        See `Importance`.
    languages, folds
        The K languages in the order of the result, and the number F of folds.
    top_rate
        Share of a layer's neurons of a component that are hits, at least one.
    batch_tokens
        Most tokens in a batch, padding included; a longer text forms a batch of its own.

    Returns
    -------
    tuple
        By component: the counts, with texts in place of tokens; the number of heads.

    Raises
    ------
    InputError
        As `Importance` and `check_rows`; if an importance is not finite, or a batch does not fit
        into memory.

    Notes
    -----
    Besides the model, memory holds 4 bytes for each language, fold, layer and neuron and, for one
    layer and text at a time, its H scores of S × S and a block of some millions of numbers.
    """
    check_rows(model, tokens, languages)
    hits = _Hits(model, components, released, top_rate, len(languages) * folds)
    groups = groups_of(tokens, languages, folds)
    decoder = decoder_of(model)
    with (
        torch.inference_mode(),
        lowering("collection.batch_tokens", batch_tokens),
        Progress(tokens_in(tokens), "token", show=progress) as bar,
        hits.importance.running(),
    ):
        for batch in batches(tokens, groups, batch_tokens, decoder.config):
            hits.begin(batch)
            # No attention mask: in a causal model no token sees the padding to its right.
            decoder(input_ids=batch.ids.to(input_device(model)), use_cache=False)
            bar.update(batch.tokens)
    shape = (len(languages), folds)
    texts = np.bincount(groups, minlength=len(languages) * folds).reshape(shape)
    counts = {
        component: Counts(found.reshape(*shape, *found.shape[1:]), texts, tuple(languages))
        for component, found in hits.found.items()
    }
    return counts, hits.importance.heads


def measure_importance(
    spec: ModelSpec,
    tokens_path: str | Path,
    outputs: Sequence[str | Path],
    languages: Sequence[str],
    folds: int | None,
    importance: Mapping[str, Any],
    share: tuple[int, int] = (1, 1),
    batch_tokens: int = 8192,
    progress: bool = True,
) -> None:
    """Count the hits of one share of the first texts of each language; write a file a component.

    Every language, fold and layer gets a row, so that the artefacts of all shares add up row by
    row. They have the format of activation counts, with texts in place of tokens.

    Parameters
    ----------
    outputs
        One for each of ``importance["components"]``, in their order.
    importance
        ``variant``, ``top_rate``, ``texts`` and ``components``.
    share
        Index of the share, from 1, and the number of shares.

    Raises
    ------
    InputError
        As `load_model`, `check_causal` and `count_hits`.
    """
    index, of = check_share(share)
    texts, components = importance["texts"], importance["components"]
    table = chosen_texts(read_table(tokens_path, TOKENS), texts, folds)
    folds = int(table["fold"].max()) + 1
    rows = table.iloc[shares(table, of)[index - 1]]
    announce(rows)
    model = load_model(spec)
    check_causal(model)
    if set(components) != {FFN}:
        used = decoder_of(model).config._attn_implementation
        logger.info(
            "attention is computed as by eager, in place of %s, which shows no weights", used
        )
    counts, heads = count_hits(
        model,
        rows,
        components,
        languages,
        folds,
        released=importance["variant"] == RELEASED,
        top_rate=importance["top_rate"],
        batch_tokens=batch_tokens,
        progress=progress,
    )
    for component, output in zip(components, outputs, strict=True):
        provenance = {
            "inputs": [str(tokens_path)],
            "model": asdict(spec),
            **importance,
            "component": component,
            "heads": heads.get(component),
            "batch_tokens": batch_tokens,
            "share": list(share),
            "forward_tokens": tokens_in(rows),
            "backward_tokens": 0,
        }
        write_counts(counts[component], output, provenance)


class _Hits:
    """Running counts of hits by component, int32 (K·F, L, D) on the CPU."""

    def __init__(
        self,
        model: PreTrainedModel,
        components: Sequence[str],
        released: bool,
        top_rate: float,
        groups: int,
    ) -> None:
        self._name = model.name_or_path or type(model).__name__
        self._dtype = model.dtype
        self.importance = Importance(model, components, released, self._take)
        self.found = {
            component: np.zeros((groups, self.importance.layers, width), dtype=np.int32)
            for component, width in self.importance.widths.items()
        }
        self._most = {
            component: max(1, round(top_rate * width))
            for component, width in self.importance.widths.items()
        }

    def begin(self, batch: Batch) -> None:
        """Take the batch that runs through the model next."""
        self._groups = batch.groups.tolist()
        # A response is the end of its row.
        places = torch.arange(1, batch.ids.shape[1] + 1)
        self.importance.lengths = (batch.response * places).amax(dim=1).tolist()

    def _take(self, component: str, layer: int, row: int, values: Tensor) -> None:
        if not values.isfinite().all():
            raise InputError(
                f"{self._name}: NaN or infinite importances of {component} in layer {layer} "
                f"({self._dtype}); the checkpoint is damaged, or its numbers overflow in this dtype"
            )
        highest, neurons = values.topk(self._most[component])
        hit = neurons[highest > 0].cpu().numpy()
        self.found[component][self._groups[row], layer, hit] += 1
