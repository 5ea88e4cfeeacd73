"""What the neurons of a model do at the last token of each text that it reads."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from langneurons.models.batches import Batch
from langneurons.models.down import down_norms, down_weights
from langneurons.models.mlps import Mlp
from langneurons.models.probing import decoder_of, input_device
from langneurons.models.readout import Norm, Readout


@dataclass(frozen=True)
class Seen:
    """What was seen at the last tokens of B texts, on the CPU."""

    active: Tensor
    """bool, (B, L, D): whether the activation is above 0."""
    contribution: Tensor
    """(B, L, D): |m|·‖W_down[:, j]‖₂, where m is what the down projection reads."""
    effective: Tensor
    """(B, L, D): the effective score; NaN if the direct path to the logits is not known."""


class Observer:
    """Watches a model at the tokens that its batches mark as response: one a row.

    Parameters
    ----------
    model, mlps
        A decoder-only model in evaluation mode, and its MLPs.
    readout
        Its direct path to the logits; None if it is not known.

    Raises
    ------
    InputError
        If the weights of a down projection cannot be read, see `down_norms`.
    """

    def __init__(self, model: PreTrainedModel, mlps: Sequence[Mlp], readout: Readout | None):
        self._model, self._mlps, self._readout = model, mlps, readout
        self._norms = torch.from_numpy(down_norms(mlps))
        self._batch: Batch
        self._read: dict[Any, Tensor] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the model within a block."""
        hooks = []
        for layer, mlp in enumerate(self._mlps):
            before = mlp.activation.register_forward_pre_hook(self._note_input(("active", layer)))
            hooks += [before, mlp.down.register_forward_pre_hook(self._note_input(("m", layer)))]
        if self._readout is not None:
            norms = [norm for norm in (*self._readout.after, self._readout.final) if norm]
            hooks += [norm.module.register_forward_hook(self._note_norm(norm)) for norm in norms]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def see(self, batch: Batch, targets: Tensor | None) -> Seen:
        """Run a batch through the model that is watched.

        Parameters
        ----------
        batch
            Texts whose last token is marked as response.
        targets
            int64, (B,): the token after each text that effective scores are of; None for the one
            that the model finds likeliest.
        """
        self._batch = batch.to(input_device(self._model))
        # No attention mask: in a causal model no token sees the padding to its right.
        states = decoder_of(self._model)(input_ids=self._batch.ids, use_cache=False)[0]
        written = [self._read["m", layer] for layer in range(len(self._mlps))]
        active = [self._read["active", layer] > 0 for layer in range(len(self._mlps))]
        found = Seen(
            _stacked(active),
            _stacked([m.abs() for m in written]) * self._norms,
            self._effective(written, self._last(states), targets),
        )
        self._read.clear()
        return found

    def _effective(
        self, written: Sequence[Tensor], states: Tensor, targets: Tensor | None
    ) -> Tensor:
        if self._readout is None:
            shape = (len(states), len(self._mlps), self._mlps[0].width)
            return torch.full(shape, torch.nan)
        tokens = self._readout.likeliest(states) if targets is None else targets
        directions = self._pulled_back(self._readout.final, self._readout.directions(tokens))
        scores = []
        paths = zip(self._mlps, self._readout.after, self._readout.factors, written, strict=True)
        for mlp, norm, factor, m in paths:
            own = self._pulled_back(norm, directions.to(m.device))
            scores.append(factor * m * (own @ down_weights(mlp).to(own)))
        return _stacked(scores)

    def _pulled_back(self, norm: Norm | None, directions: Tensor) -> Tensor:
        if norm is None:
            return directions
        return norm.pulled_back(directions, self._read[norm, "in"], self._read[norm, "out"])

    def _last(self, numbers: Tensor) -> Tensor:
        """Return numbers at the last tokens, (B, width), in at least float32."""
        # Some decoders flatten their rows: (B·S, width).
        numbers = numbers.reshape(*self._batch.ids.shape, -1)
        chosen = numbers[self._batch.response.to(numbers.device)]
        return chosen.to(torch.promote_types(chosen.dtype, torch.float32))

    def _note_input(self, key: Any) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def note(_: nn.Module, arguments: tuple[Tensor, ...]) -> None:
            self._read[key] = self._last(arguments[0])

        return note

    def _note_norm(self, norm: Norm) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def note(_: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
            self._read[norm, "in"], self._read[norm, "out"] = map(
                self._last, (arguments[0], output)
            )

        return note


def _stacked(layers: Sequence[Tensor]) -> Tensor:
    """Return numbers of all layers, (B, L, D), on the CPU."""
    return torch.stack([layer.cpu() for layer in layers], dim=1)
