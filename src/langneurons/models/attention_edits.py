"""Switch off dimensions of queries, keys and values while a model runs, then undo it.

A query or key is without a dimension after norm and rotary embedding, where it is multiplied by the
other; a value where all heads that share it read it (METHOD 8). The rest of attention is computed
as the model was set to compute it. Units of the MLP are switched off by `langneurons.models.edits`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import eager_mask

from langneurons.errors import InputError
from langneurons.models.attention import Attention
from langneurons.models.probing import decoder_of
from langneurons.models.seeing import Attend, attending, own_attention, plain_attention

#: What attention has: dimensions of queries, of keys and of values, by the order of its arguments.
QUERY_KEY_VALUE = ("q", "k", "v")
_EAGER = "eager"


@contextmanager
def switching_off(
    model: PreTrainedModel, attentions: Sequence[Attention], off: Mapping[str, np.ndarray]
) -> Iterator[None]:
    """Set dimensions to 0 in every forward pass inside the block.

    Parameters
    ----------
    attentions
        The model's attention, from `find_attention`.
    off
        Some of `QUERY_KEY_VALUE` → which dimensions, boolean (L, D): those of a layer's heads of
        queries, or of keys and values, follow each other.

    Raises
    ------
    InputError
        If there are not as many dimensions as in the model.
    """
    for name, dimensions in off.items():
        if len(dimensions) != len(attentions):
            raise InputError(
                f"neurons of another model: {name} in {len(dimensions)} layers, expected "
                f"{len(attentions)}"
            )
    zeroed = {
        attention.module: [_by_head(attention, name, off.get(name)) for name in QUERY_KEY_VALUE]
        for attention in attentions
    }
    if not any(one is not None for heads in zeroed.values() for one in heads):
        yield
        return
    if own_attention(model):
        with ExitStack() as hooks:
            for module, heads in zeroed.items():
                hook = _fused(module, heads)
                fused: Any = module.query_key_value
                hooks.callback(fused.register_forward_hook(hook).remove)
            yield
        return
    before = decoder_of(model).config._attn_implementation
    own, mask = plain_attention(type(model).__name__, lambda *_: None), eager_mask
    if before != _EAGER:
        own, mask = AttentionInterface()[before], AttentionMaskInterface()[before]
    with attending(model, _without(zeroed, own), mask):
        yield


def _by_head(attention: Attention, name: str, off: np.ndarray | None) -> Tensor | None:
    """Return which dimensions of a layer are off, boolean (heads, 1, d); None if none is."""
    if off is None:
        return None
    heads = attention.heads if name == "q" else attention.groups
    width = attention.value_width if name == "v" else attention.width
    if off.shape[1] != heads * width:
        raise InputError(
            f"neurons of another model: {off.shape[1]} dimensions of {name} a layer, expected "
            f"{heads * width} ({heads} heads of {width}, layer {attention.layer})"
        )
    row = torch.from_numpy(off[attention.layer]).reshape(heads, 1, width)
    return row if row.any() else None


def _without(zeroed: Mapping[nn.Module, Sequence[Tensor | None]], own: Attend) -> Attend:
    """Return a function that models call to attend, which hands on what is left."""

    def attend(
        module: nn.Module, query: Tensor, key: Tensor, value: Tensor, *rest: Any, **options: Any
    ) -> tuple[Tensor, Tensor | None]:
        left = [
            tensor if heads is None else tensor.masked_fill(heads.to(tensor.device), 0)
            for tensor, heads in zip((query, key, value), zeroed[module], strict=True)
        ]
        return own(module, *left, *rest, **options)

    return attend


def _fused(
    module: Any, heads: Sequence[Tensor | None]
) -> Callable[[nn.Module, tuple[Any, ...], Tensor], Tensor]:
    """Return a hook on BLOOM's fused projection; its positions are split by the module itself."""
    positions = torch.arange(module.query_key_value.out_features)[None, None]
    parts = module._reshape(positions)  # (1, H, 1, d) each
    chosen = [part[0][off] for part, off in zip(parts, heads, strict=True) if off is not None]
    index = torch.cat(chosen) if chosen else torch.zeros(0, dtype=torch.int64)

    def hook(_: nn.Module, __: tuple[Any, ...], fused: Tensor) -> Tensor:
        return fused.index_fill(-1, index.to(fused.device), 0)

    return hook
