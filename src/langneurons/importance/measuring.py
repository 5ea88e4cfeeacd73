"""The importance of all neurons for each text, handed over layer by layer while a model runs."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor
from transformers import PreTrainedModel

from langneurons.errors import InputError
from langneurons.importance.closed_forms import (
    compact,
    ffn_importance,
    out_products,
    released_scores_importance,
    scores_importance,
    value_importance,
)
from langneurons.models.attention import (
    Attention,
    find_attention,
    out_weight,
    watching,
)
from langneurons.models.down import down_norms
from langneurons.models.mlps import Mlp, find_mlps
from langneurons.models.seeing import Seen, softmax
from langneurons.models.up_projections import find_ups, watch_up

#: Called with component, layer, row of the batch, and the importance of the layer's neurons.
Take = Callable[[str, int, int, Tensor], None]


class Importance:
    """Measures importances in every forward pass of a model.

    Parameters
    ----------
    model
        A decoder-only model with weights, in evaluation mode.
    components
        Some of `COMPONENTS`.
    released
        Whether to compute what the released code does instead of the change of the output.
    take
        Is given the importances of one text and layer at a time, (D,) of `widths`; heads follow
        each other. They are float32, or the model's dtype where that is more precise.

    Attributes
    ----------
    widths
        Neurons of a layer by component: D of the MLP, H · d queries', G · d keys' and G · d'
        values' dimensions.
    heads
        Heads of a layer by component, each of as many dimensions; none in the MLP.
    layers
        Number of layers.
    lengths
        Tokens of each row of the batch that runs next, padding on its right not counted.

    Raises
    ------
    InputError
        As `find_mlps`, `find_ups` and `find_attention`; if layers have different numbers of
        neurons; if weights cannot be read.
    """

    lengths: Sequence[int]

    def __init__(
        self, model: PreTrainedModel, components: Sequence[str], released: bool, take: Take
    ) -> None:
        self._model, self._components, self._released = model, components, released
        self._take = take
        self._mlps: list[Mlp] = []
        self._attentions: list[Attention] = []
        self._out: list[tuple[Tensor, Tensor]] = []
        self.widths: dict[str, int] = {}
        self.heads: dict[str, int] = {}
        if "ffn" in components:
            self._mlps = find_mlps(model)
            self._ups = find_ups(model, self._mlps)
            self._norms = [torch.from_numpy(norms) for norms in down_norms(self._mlps)]
            self.widths["ffn"] = self._mlps[0].width
        if set(components) & {"q", "k", "v"}:
            self._attentions = find_attention(model)
            heads, groups, width, value_width = self._shape()
            self.heads = {"q": heads, "k": groups, "v": groups}
            self.widths |= {"q": heads * width, "k": groups * width, "v": groups * value_width}
            self._read_out()
        self.widths = {name: self.widths[name] for name in components}
        self.layers = len(self._mlps or self._attentions)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure in every forward pass inside the block."""
        with ExitStack() as hooks:
            for mlp in self._mlps:
                self._watch(mlp, hooks)
            if self._attentions:
                hooks.enter_context(watching(self._model, self._attentions, self._see))
            yield

    def _shape(self) -> tuple[int, int, int, int]:
        shapes = {(a.heads, a.groups, a.width, a.value_width) for a in self._attentions}
        if len(shapes) != 1:
            raise InputError(
                f"{type(self._model).__name__}: layers have attention of different shapes (heads, "
                f"heads of keys, dimensions of keys and of values): {sorted(shapes)}"
            )
        return shapes.pop()

    def _read_out(self) -> None:
        """Keep what is needed of the output projections; the released code needs nothing."""
        for attention in () if self._released else self._attentions:
            weight = _precise(out_weight(attention))
            wide = compact(weight, attention.groups) if self._scored else weight[:0]
            self._out.append((wide, out_products(weight, attention.groups)))

    @property
    def _scored(self) -> bool:
        return bool(set(self._components) & {"q", "k"})

    def _watch(self, mlp: Mlp, hooks: ExitStack) -> None:
        def rows(tensor: Tensor) -> Iterator[tuple[int, Tensor]]:
            # Some decoders flatten their rows: (B·S, D).
            tensor = tensor.reshape(len(self.lengths), -1, mlp.width)
            for row, length in enumerate(self.lengths):
                yield row, _precise(tensor[row, :length])

        def see_up(output: Tensor) -> None:
            for row, values in rows(output):
                self._take("ffn", mlp.layer, row, values.abs().sum(dim=0))

        def see_neurons(_: object, arguments: tuple[Tensor, ...]) -> None:
            norms = self._norms[mlp.layer].to(arguments[0].device)
            for row, values in rows(arguments[0]):
                self._take("ffn", mlp.layer, row, ffn_importance(values, norms))

        if self._released:
            watch_up(mlp, self._ups[mlp.layer], see_up, hooks)
        else:
            hooks.callback(mlp.down.register_forward_pre_hook(see_neurons).remove)

    def _see(self, layer: int, seen: Seen) -> None:
        for row, length in enumerate(self.lengths):
            text = _text(seen, row, length)
            found = self._scores(layer, text) if self._scored else {}
            if "v" in self._components:
                found["v"] = self._values(layer, text)
            for component in self._components:
                if component in found:
                    self._take(component, layer, row, found[component].flatten())

    def _scores(self, layer: int, text: Seen) -> dict[str, Tensor]:
        if self._released:
            query, key = released_scores_importance(text)
        else:
            query, key = scores_importance(text, self._out[layer][0].to(text.query.device))
        return {"q": query, "k": key}

    def _values(self, layer: int, text: Seen) -> Tensor:
        groups = text.value.shape[1]
        weights = softmax(text.scores(), text.bias, text.softcap)[0].unflatten(0, (groups, -1))
        heads = weights @ text.value[0, :, None]  # (G, g, S, d')
        if self._released:
            return heads.abs().sum(dim=(1, 2))
        return value_importance(heads, self._out[layer][1].to(heads.device))


def _text(seen: Seen, row: int, length: int) -> Seen:
    """Return the tensors of one text, without padding and in at least float32."""
    query, key, value = (
        _precise(tensor[row : row + 1, :, :length]) for tensor in (seen.query, seen.key, seen.value)
    )
    bias = seen.bias[row if len(seen.bias) > 1 else 0][None, :, :length, :length]
    masked = bias <= torch.finfo(bias.dtype).min / 2  # the lowest number of another dtype
    bias = _precise(bias)
    bias = bias.masked_fill(masked, torch.finfo(bias.dtype).min)
    return Seen(query, key, value, bias, seen.scaling, seen.softcap)


def _precise(tensor: Tensor) -> Tensor:
    return tensor if tensor.dtype == torch.float64 else tensor.float()
