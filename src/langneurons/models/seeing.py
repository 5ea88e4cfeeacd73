"""See the queries, keys and values of a decoder's attention while it runs.

Nearly all models of transformers hand them to a function that is looked up by name, so one
registered here sees them, whatever the projections are called or fused into: queries and keys after
any norm and rotary embedding. BLOOM is read from its modules; other models are refused by name.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import eager_mask

from langneurons.errors import InputError
from langneurons.models.probing import decoder_of

#: The name under which the function is registered.
_WATCHED = "langneurons"
#: A function by which a model attends: its module, queries, keys, values, mask, and options.
Attend = Callable[..., tuple[Tensor, Tensor | None]]
#: Arguments by which some models change attention in ways that are not followed here.
_FOREIGN = ("s_aux", "sinks", "position_bias", "indices", "block_indices")


@dataclass(frozen=True)
class Seen:
    """The tensors of one attention and batch: B rows of S tokens, H heads, G of keys and values."""

    query: Tensor
    """(B, H, S, d), after norm and rotary embedding."""
    key: Tensor
    """(B, G, S, d); head h reads the keys and values of group h // (H / G)."""
    value: Tensor
    """(B, G, S, d')."""
    bias: Tensor
    """(B, 1 or H, S or 1, S): added to the scores; the mask and, with ALiBi, the positions."""
    scaling: float
    """What scores are multiplied by."""
    softcap: float | None
    """c of the scores c · tanh(score / c), before ``bias`` is added."""

    def scores(self) -> Tensor:
        """Return the scaled scores before soft cap and bias, (B, H, S, S)."""
        heads = self.query.shape[1] // self.key.shape[1]
        return self.query @ self.key.repeat_interleave(heads, dim=1).mT * self.scaling


def softmax(scores: Tensor, bias: Tensor, softcap: float | None) -> Tensor:
    """Return attention weights of scaled scores: cap, add the bias, softmax over the last axis."""
    if softcap is not None:
        scores = (scores / softcap).tanh() * softcap
    return (scores + bias).softmax(dim=-1)


@contextmanager
def seeing(model: PreTrainedModel, see: Callable[[nn.Module, Seen], None]) -> Iterator[None]:
    """Call ``see`` with each attention module and its tensors in every forward pass in the block.

    Raises
    ------
    InputError
        If they cannot be seen in this architecture.
    """
    readers = own_attention(model)
    if readers:
        with ExitStack() as hooks:
            for module in readers:
                _READERS[type(module).__name__](module, see, hooks)
            yield
        return
    with attending(model, plain_attention(type(model).__name__, see), eager_mask):
        yield


def own_attention(model: PreTrainedModel) -> list[nn.Module]:
    """Return the modules that attend by code of their own and are known (BLOOM); else none."""
    modules = decoder_of(model).modules()
    return [module for module in modules if type(module).__name__ in _READERS]


@contextmanager
def attending(
    model: PreTrainedModel, attend: Attend, mask: Callable[..., Tensor | None]
) -> Iterator[None]:
    """Let a model attend by a given function in every forward pass inside the block.

    Parameters
    ----------
    model
        A decoder-only model that has no `own_attention`.
    attend, mask
        As transformers' own functions of attention and of its masks.

    Raises
    ------
    InputError
        If the architecture looks up no function of attention.
    """
    decoder = decoder_of(model)
    before = decoder.config._attn_implementation
    AttentionInterface.register(_WATCHED, attend)
    AttentionMaskInterface.register(_WATCHED, mask)
    decoder.set_attn_implementation(_WATCHED)
    if decoder.config._attn_implementation != _WATCHED:
        raise InputError(
            f"{type(model).__name__}: computes attention inside its own modules, so that its "
            "queries and keys cannot be seen; expected an architecture that uses the attention "
            f"functions of transformers, or one of {' '.join(_READERS)}"
        )
    try:
        yield
    finally:
        decoder.set_attn_implementation(before)


def plain_attention(name: str, see: Callable[[nn.Module, Seen], None]) -> Attend:
    """Return a function that models call to attend; it shows what it is given to ``see``.

    It computes plain products, as eager attention does; ``name`` is the model's, for the message.
    """

    def attend(
        module: nn.Module,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attention_mask: Tensor | None,
        scaling: float | None = None,
        softcap: float | None = None,
        **others: Any,
    ) -> tuple[Tensor, None]:
        foreign = [other for other in _FOREIGN if others.get(other) is not None]
        if foreign or attention_mask is None:
            raise InputError(
                f"{name}: its attention is given {' '.join(foreign) or 'no mask'}, expected one "
                "that is a softmax over scaled scores and a mask"
            )
        scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
        seen = Seen(query, key, value, attention_mask, scaling, softcap)
        see(module, seen)
        weights = softmax(seen.scores(), seen.bias, softcap)
        heads = weights @ value.repeat_interleave(query.shape[1] // key.shape[1], dim=1)
        return heads.transpose(1, 2).contiguous(), None

    return attend


def _watch_bloom(module: Any, see: Callable[[nn.Module, Seen], None], hooks: ExitStack) -> None:
    """Read BLOOM's attention: fused projection, positions added to the scores (ALiBi)."""
    given: dict[str, Tensor] = {}

    def take(_: nn.Module, __: tuple[Any, ...], arguments: dict[str, Any]) -> None:
        given.update(alibi=arguments["alibi"], mask=arguments["attention_mask"])

    def read(_: nn.Module, __: tuple[Any, ...], fused: Tensor) -> None:
        query, key, value = module._reshape(fused)
        positions = given["alibi"].view(*query.shape[:2], 1, -1)  # (B, H, 1, S)
        bias = positions + given["mask"]
        see(module, Seen(query, key, value, bias, module.inv_norm_factor, None))

    before = module.register_forward_pre_hook(take, with_kwargs=True)
    hooks.callback(before.remove)
    hooks.callback(module.query_key_value.register_forward_hook(read).remove)


#: Attention that does not call a function of transformers: class → how it is watched.
_READERS: dict[str, Callable[[Any, Callable[[nn.Module, Seen], None], ExitStack], None]] = {
    "BloomAttention": _watch_bloom
}
