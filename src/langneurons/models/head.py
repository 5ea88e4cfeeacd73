"""From a decoder's last states to logits, without the logits of a whole batch."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear
from transformers import PreTrainedModel

from langneurons.errors import InputError
from langneurons.models.probing import PROBE_SHAPE, decoder_of, input_device

#: Entries of the vocabulary at a time. On a CPU the logits of a block stay in its cache: half the
#: time with 262,144 entries.
_BLOCK = 1024


class Head:
    """The map from last states to logits, verified on a few tokens.

    After the output embeddings, some architectures scale their logits (Cohere, Granite) or cap
    them (Gemma 2).

    Parameters
    ----------
    model
        A decoder-only model in evaluation mode, with the adapters that it will have.

    Raises
    ------
    InputError
        If the model's logits cannot be computed from its last states.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._embeddings = embeddings = model.get_output_embeddings()
        # What is not a plain layer in memory (quantised, offloaded) is asked for all at once.
        self._plain = type(embeddings) is nn.Linear and not embeddings.weight.is_meta
        #: Number of entries of the vocabulary that have logits.
        self.entries = embeddings.weight.shape[0]
        #: Number of logits of one state that are held at once.
        self.widest = _BLOCK if self._plain else self.entries
        self._after = self._verified(model)

    def _verified(self, model: PreTrainedModel) -> Callable[[Tensor], Tensor]:
        """Return what the model does to its logits after the output embeddings."""
        config = decoder_of(model).config
        scales = [getattr(config, name, None) for name in ("logit_scale", "logits_scaling")]
        cap = getattr(config, "final_logit_softcapping", None)
        candidates: list[Callable[[Tensor], Tensor]] = [
            *([lambda logits: cap * torch.tanh(logits / cap)] if cap else []),
            *(
                lambda logits, factor=factor: logits * factor
                for scale in scales
                if scale
                for factor in (scale, 1 / scale)
            ),
            lambda logits: logits,
        ]
        ids = torch.arange(PROBE_SHAPE[1], device=input_device(model))[None]
        # Not inference mode: what a model keeps from this must do for training too.
        with torch.no_grad():
            expected = model(input_ids=ids, use_cache=False).logits[0].float()
            states = decoder_of(model)(input_ids=ids, use_cache=False)[0][0]
            found = self._embeddings(states).to(expected.device)
            tolerance = 1e-2 * float(expected.std().nan_to_num())  # NaN is refused by its place
            for candidate in candidates:
                logits = candidate(found).float()
                if torch.allclose(logits, expected, rtol=1e-2, atol=tolerance, equal_nan=True):
                    return candidate
        raise InputError(
            f"{type(model).__name__}: its logits are not those of its output embeddings and last "
            "states, so that the likelihood of its texts cannot be had"
        )

    def logits(self, states: Tensor) -> Tensor:
        """Return the logits after each state, float32, (states, vocabulary)."""
        return self._after(self._embeddings(states)).float()

    def losses(self, states: Tensor, targets: Tensor) -> Tensor:
        """Return the NLL of targets after each state, float64, on the CPU.

        Parameters
        ----------
        states
            (n, hidden).
        targets
            int64, (n,) or, several after each state, (n, k).
        """
        if not self._plain:
            logits = self.logits(states)
            several = targets.to(logits.device).reshape(len(targets), -1)
            losses = logits.logsumexp(dim=-1, keepdim=True) - logits.gather(1, several)
            return losses.double().cpu().reshape(targets.shape)
        states, targets = states.to(self._weight.device), targets.to(self._weight.device)
        several = targets.reshape(len(targets), -1)  # (n, k)
        sums = []
        chosen = torch.zeros(several.shape, dtype=torch.float32, device=states.device)
        for start, logits in self._blocks(states):
            sums.append(logits.logsumexp(dim=-1))
            # All rows alike: to pick those whose target is here, a GPU would wait for the CPU.
            place = several - start
            here = (place >= 0) & (place < logits.shape[1])
            found = logits.gather(1, place.clamp(0, logits.shape[1] - 1))
            chosen = torch.where(here, found, chosen)
        total = torch.stack(sums).cpu().double().logsumexp(dim=0)
        return (total[:, None] - chosen.cpu().double()).reshape(targets.shape)

    def total_loss(self, states: Tensor, targets: Tensor) -> Tensor:
        """Return the sum of the NLL of targets after each state, float32, to be run backwards.

        Where the output embeddings are a plain layer, its weights get no gradient, and no more
        logits are held than in `losses`.

        Parameters
        ----------
        states
            (n, hidden).
        targets
            int64, (n,).
        """
        if not (torch.is_grad_enabled() and states.requires_grad):
            return self.losses(states, targets).sum().float()
        if not self._plain:
            logits = self.logits(states)
            return cross_entropy(logits, targets.to(logits.device), reduction="sum")
        device = self._weight.device
        return _TotalLoss.apply(states.to(device), targets.to(device), self)

    def with_gradient(self, states: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return the NLL of each target, (n,), and its gradient by the states, (n, hidden).

        Both are float32. The gradient is the mean of the output embeddings, weighted by the
        probabilities of their tokens, less the target's. As in an attention of the states to the
        embeddings, numerator and denominator are summed block by block, relative to the highest
        logit so far, so that each logit is computed once and none is kept.
        """
        states = states.detach().requires_grad_()
        highest = states.new_full((len(states),), -torch.inf, dtype=torch.float32)
        total = torch.zeros_like(highest)
        numerator = torch.zeros(states.shape, dtype=torch.float32, device=states.device)
        with torch.enable_grad():
            for _, logits in self._blocks(states):
                higher = torch.maximum(highest, logits.detach().amax(dim=-1))
                sums = (logits - higher[:, None]).exp().sum(dim=-1)
                (part,) = torch.autograd.grad(sums.sum(), states)
                shrunk = (highest - higher).exp()
                total = total * shrunk + sums.detach()
                numerator = numerator * shrunk[:, None] + part
                highest = higher
            bias = 0 if self._bias is None else self._bias[targets]
            products = torch.einsum("nh,nh->n", states, self._weight[targets])
            chosen = self._after(products + bias).float()
            (own,) = torch.autograd.grad(chosen.sum(), states)
        losses = total.log() + highest - chosen.detach()
        return losses, numerator / total[:, None] - own

    def _blocks(self, states: Tensor) -> Iterator[tuple[int, Tensor]]:
        """Yield the logits of plain output embeddings, (n, block), and the first entry of each."""
        for start in range(0, self.entries, _BLOCK):
            block = slice(start, start + _BLOCK)
            bias = None if self._bias is None else self._bias[block]
            yield start, self._after(linear(states, self._weight[block], bias)).float()

    @property
    def _weight(self) -> Tensor:
        # Training may move or replace it.
        return self._embeddings.weight.detach()

    @property
    def _bias(self) -> Tensor | None:
        bias = self._embeddings.bias
        return None if bias is None else bias.detach()


class _TotalLoss(torch.autograd.Function):
    """`Head.total_loss`, whose gradient is computed with it."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, targets: Tensor, head: Head) -> Tensor:
        losses, gradient = head.with_gradient(states, targets)
        ctx.save_for_backward(gradient.to(states.dtype))
        return losses.cpu().double().sum().float()

    @staticmethod
    def backward(ctx: Any, of_loss: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return of_loss.to(gradient.dtype) * gradient, None, None
