"""Run an answer again from any layer, under other activations at the prompt's last token.

What precedes that token does not change, and is kept as keys and values; nor do the layers below
the first change, whose outputs are kept. So a pass costs the prompt's last token and the answer, in
the layers from the change on, and the logits.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from transformers import DynamicCache, PreTrainedModel

from langneurons.models.head import Head
from langneurons.models.likelihood import LOGITS_HELD
from langneurons.models.mlps import Mlp
from langneurons.models.probing import decoder_layers, decoder_of, input_device

#: Maps a layer's activations at the prompt's last token, (N, D), to those that take their place.
Change = Callable[[Tensor], Tensor]
#: A layer and points of its activations, (N, D).
_Part = tuple[int, Tensor]
#: With more rows a pass takes as much longer. Points of neighbouring layers share one until there
#: are so many: the later layers' rows run through the earlier layers as they are, which costs less
#: than passes of few rows, in which most of the time goes into reading weights.
_ROWS = 64


class Endings:
    """Makes the endings of texts under one model.

    Parameters
    ----------
    model, mlps
        A decoder-only model in evaluation mode whose parameters require no gradients, and its MLPs
        from `find_mlps`.
    batch_tokens
        Most tokens in a batch; no result depends on it.

    Raises
    ------
    InputError
        If the model's logits cannot be computed from its last states.
    """

    def __init__(self, model: PreTrainedModel, mlps: Sequence[Mlp], batch_tokens: int) -> None:
        self.mlps, self.batch_tokens = list(mlps), batch_tokens
        self.decoder, self.layers = decoder_of(model), decoder_layers(model)
        self.device, self.head = input_device(model), Head(model)
        #: States whose logits are held at once.
        self.piece = max(1, LOGITS_HELD // self.head.entries)

    def of(self, prompt: Sequence[int], answer: Sequence[int]) -> "Ending":
        """Run a text once; both parts have at least one token."""
        return Ending(self, prompt, answer)


class Ending:
    """The last token of a prompt and an answer, for any number of passes.

    Attributes
    ----------
    activations
        (L, D): those at the prompt's last token, before a product with ``up`` (METHOD 1), on the
        CPU.
    log_probability
        Of the answer, the sum over its tokens given all that precedes them, in nats.
    """

    @torch.no_grad()
    def __init__(self, endings: Endings, prompt: Sequence[int], answer: Sequence[int]) -> None:
        self._of = endings
        ids = torch.tensor([[*prompt, *answer]], device=endings.device)
        start = len(prompt) - 1
        self._ids, self._targets = ids[:, start:-1], ids[0, start + 1 :]
        self._cache = DynamicCache(config=endings.decoder.config)
        if start:
            self._run(ids[:, :start], self._cache)
        self._outputs: list[Any] = []
        found: list[Tensor] = []

        def keep(_: nn.Module, __: Any, output: Any) -> None:
            self._outputs.append(output)

        with ExitStack() as hooks:
            for layer, mlp in zip(endings.layers, endings.mlps, strict=True):
                hooks.callback(layer.register_forward_hook(keep).remove)
                change = _seeing(found)
                hooks.callback(mlp.activation.register_forward_hook(self._hook(change, 1)).remove)
            states = self._run(self._ids, deepcopy(self._cache))
        self.activations = torch.cat([one.cpu() for one in found])
        self.log_probability = float(self._log_probabilities(states)[0])

    @property
    def tokens(self) -> int:
        """Tokens that a pass of one row runs through the model."""
        return self._ids.shape[1]

    @torch.no_grad()
    def changed(self, rows: int, changes: Mapping[int, Change]) -> Tensor:
        """Return the answer's log probability under changes of the activations.

        Parameters
        ----------
        rows
            Number N of passes side by side.
        changes
            Layer → what happens to its activations at the prompt's last token, at least one.

        Returns
        -------
        Tensor
            float64, (N,), on the CPU.
        """
        return self._log_probabilities(self._resumed(rows, changes))

    def gradients(self, points: Mapping[int, Tensor]) -> dict[int, tuple[Tensor, Tensor]]:
        """Return the answer's log probability at points of layers' activations, and its slopes.

        Parameters
        ----------
        points
            Layer → (N, D): what takes the place of its activations at the prompt's last token, of
            one layer at a time.

        Returns
        -------
        dict
            Layer → log probabilities, float64, (N,), and gradients, (N, D), on the CPU.

        Notes
        -----
        Points of several layers share passes and, all of them, the computation of logits: of few
        rows, most of the time would go into reading weights.
        """
        at_once = max(1, self._of.batch_tokens // self.tokens)
        parts = [(layer, part) for layer, rows in points.items() for part in rows.split(at_once)]
        found: dict[int, list[tuple[Tensor, Tensor]]] = {layer: [] for layer in points}
        for group in _groups(parts, most=at_once):
            for (layer, _), slopes in zip(group, self._slopes(group), strict=True):
                found[layer].append(slopes)
        return {
            layer: (
                torch.cat([value for value, _ in some]),
                torch.cat([slope for _, slope in some]),
            )
            for layer, some in found.items()
        }

    @torch.enable_grad()
    def _slopes(self, parts: Sequence[_Part]) -> list[tuple[Tensor, Tensor]]:
        """Return values and slopes at points of several layers, each layer once."""
        leaves = [part.detach().requires_grad_() for _, part in parts]
        rows = zip((layer for layer, _ in parts), leaves, strict=True)
        blocks = list(_groups(list(rows), least=_ROWS))
        states = [
            self._resumed(sum(len(leaf) for _, leaf in block), _each_its_rows(block))
            for block in blocks
        ]
        ends = torch.cat([one.detach() for one in states]).requires_grad_()
        values = self._log_probabilities(ends, backward=True)
        assert ends.grad is not None
        slopes: list[Tensor] = []
        sizes = [len(one) for one in states]
        for block, state, end in zip(blocks, states, ends.grad.split(sizes), strict=True):
            slopes += torch.autograd.grad(state, [leaf for _, leaf in block], end)
        each = zip(values.split([len(leaf) for leaf in leaves]), slopes, strict=True)
        return [(value, slope.cpu()) for value, slope in each]

    def _resumed(self, rows: int, changes: Mapping[int, Change]) -> Tensor:
        """Return the last states of a pass that begins at the first layer that is changed."""
        first = min(changes)
        cache = deepcopy(self._cache)
        cache.batch_repeat_interleave(rows)
        with ExitStack() as undone:
            for layer, output in zip(self._of.layers[:first], self._outputs, strict=False):
                undone.enter_context(_standing_in(layer, _repeated(output, rows)))
            for index, change in changes.items():
                hook = self._hook(change, rows)
                activation = self._of.mlps[index].activation
                undone.callback(activation.register_forward_hook(hook).remove)
            return self._run(self._ids.expand(rows, -1), cache)

    def _run(self, ids: Tensor, cache: DynamicCache) -> Tensor:
        return self._of.decoder(input_ids=ids, past_key_values=cache, use_cache=True)[0]

    def _hook(
        self, change: Change, rows: int
    ) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
        def replace(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> Tensor:
            # Some decoders flatten their rows: (N·S, D).
            own = output.reshape(rows, self.tokens, -1)
            first = change(own[:, 0])
            return torch.cat([first[:, None], own[:, 1:]], dim=1).reshape(output.shape)

        return replace

    def _log_probabilities(self, states: Tensor, backward: bool = False) -> Tensor:
        """Return the sum over the answer's tokens, (N,); ``backward`` leaves gradients of states.

        Logits are there piece by piece, so that those of all states are never in memory at once.
        """
        rows = states.reshape(-1, states.shape[-1])  # (N · S, hidden)
        targets = self._targets.repeat(len(states))
        found = []
        for some, target in zip(
            rows.split(self._of.piece), targets.split(self._of.piece), strict=True
        ):
            values = -self._of.head.losses(some, target)
            if backward:
                values.sum().backward()
            found.append(values.detach())
        return torch.cat(found).reshape(len(states), -1).sum(dim=1)


def _groups(
    parts: Sequence[_Part], most: int | None = None, least: int | None = None
) -> Iterator[Sequence[_Part]]:
    """Yield parts that have at most so many rows together, or one; or are enough from ``least``."""
    group: list[_Part] = []
    rows = 0
    for part in parts:
        size = len(part[1])
        full = most is not None and rows + size > most
        if group and (full or (least is not None and rows >= least)):
            yield group
            group, rows = [], 0
        group.append(part)
        rows += size
    if group:
        yield group


def _each_its_rows(block: Sequence[_Part]) -> dict[int, Change]:
    """Return the change by which each layer's points take the place of their own rows."""
    changes, start = {}, 0
    for layer, points in block:
        changes[layer] = _in_rows(start, points)
        start += len(points)
    return changes


def _in_rows(start: int, points: Tensor) -> Change:
    def change(own: Tensor) -> Tensor:
        before, _, after = own.split([start, len(points), len(own) - start - len(points)])
        return torch.cat([before, points.to(own), after])

    return change


def _seeing(found: list[Tensor]) -> Change:
    def see(own: Tensor) -> Tensor:
        found.append(own.clone())
        return own

    return see


def _repeated(output: Any, rows: int) -> Any:
    """Return what a layer gave for one row as what it gives for several."""
    if isinstance(output, Tensor):
        return output.expand(rows, *output.shape[1:])
    return (_repeated(output[0], rows), *output[1:])


@contextmanager
def _standing_in(layer: nn.Module, output: Any) -> Iterator[None]:
    """Let a layer give this output, without running it."""
    own = layer.__dict__.get("forward")  # there if the layer is offloaded
    layer.__dict__["forward"] = lambda *_, **__: output
    try:
        yield
    finally:
        if own is None:
            del layer.__dict__["forward"]
        else:
            layer.__dict__["forward"] = own
