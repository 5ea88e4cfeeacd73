"""Mean cross-entropies of given translations; batching does not change the numbers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput

from langneurons.artifacts.progress import Progress
from langneurons.errors import InputError
from langneurons.models.batches import rows_of_batches, sequence_lengths
from langneurons.models.likelihood import LOGITS_HELD, refuse_nan
from langneurons.models.probing import input_device

_IGNORED = -100  # the label of padding
_PROBE = 6  # tokens


@dataclass(frozen=True)
class _Encoded:
    """The encoder's output for B sources, padded on the right to S tokens."""

    states: Tensor
    """(B, S, hidden)."""
    mask: Tensor
    """int64, (B, S): 1 for tokens that are not padding."""


class ForcedDecoder:
    """An encoder–decoder that is forced to output given texts.

    Parameters
    ----------
    model
        An encoder–decoder in evaluation mode.

    Raises
    ------
    InputError
        If its loss is not the cross-entropy of its output embeddings, applied to the last states.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._device = input_device(model)
        self._head = model.get_output_embeddings()
        self._bias = getattr(model, "final_logits_bias", None)
        self._piece = max(1, LOGITS_HELD // self._head.weight.shape[0])
        self._pad = model.config.pad_token_id or 0
        self._check_loss()

    @torch.inference_mode()
    def cross_entropies(
        self,
        sources: Sequence[Sequence[int]],
        targets: Sequence[Sequence[int]],
        pairs: np.ndarray,
        batch_tokens: int,
        progress: bool = True,
    ) -> np.ndarray:
        """Return the mean cross-entropy of each pair's target given its source.

        Parameters
        ----------
        sources, targets
            Token ids of each text, with all special tokens; at least one per text.
        pairs
            int64, (pairs, 2): indices into ``sources`` and ``targets``. A source is encoded once,
            however many targets it has.
        batch_tokens
            Most tokens in a batch, padding included; a longer text forms a batch of its own.
        progress
            Whether to show a progress bar on stderr.

        Returns
        -------
        numpy.ndarray
            float64, (pairs,), in nats per token: the mean over the target's own tokens, special
            ones included, as in an unpadded batch of one.

        Raises
        ------
        InputError
            If the model yields NaN.
        """
        means = np.zeros(len(pairs))
        with Progress(len(pairs), "pair", show=progress) as bar:
            for encoded, rows, columns in self._encoded(sources, pairs, batch_tokens):
                lengths = sequence_lengths([targets[pairs[row, 1]] for row in rows])
                room = np.maximum(lengths, encoded.states.shape[1])
                for batch in rows_of_batches(room, batch_tokens):
                    chosen = rows[batch]
                    means[chosen] = self._mean_losses(
                        encoded, columns[batch], [targets[column] for column in pairs[chosen, 1]]
                    )
                    bar.update(len(chosen))
        refuse_nan(self._model, means)
        return means

    def _encoded(
        self, sources: Sequence[Sequence[int]], pairs: np.ndarray, batch_tokens: int
    ) -> Iterator[tuple[_Encoded, np.ndarray, np.ndarray]]:
        """Yield encoder states, the pairs that need them, and each of these pairs' row in them."""
        used = np.unique(pairs[:, 0])
        by_source = np.argsort(pairs[:, 0], kind="stable")
        starts = np.searchsorted(pairs[by_source, 0], used)
        pairs_of_source = np.split(by_source, starts[1:])
        source_lengths = sequence_lengths([sources[row] for row in used])
        for batch in rows_of_batches(source_lengths, batch_tokens):
            ids = _padded([sources[row] for row in used[batch]], self._pad, self._device)
            lengths = torch.tensor([len(sources[row]) for row in used[batch]], device=ids.device)
            mask = (torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]).long()
            encoder = self._model.get_encoder()
            states = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
            rows = [pairs_of_source[source] for source in batch]
            columns = np.repeat(np.arange(len(batch)), [len(row) for row in rows])
            yield _Encoded(states, mask), np.concatenate(rows), columns

    def _mean_losses(
        self, encoded: _Encoded, columns: np.ndarray, targets: Sequence[Sequence[int]]
    ) -> np.ndarray:
        """Return the mean cross-entropy of targets given the encoded sources in ``columns``."""
        labels = _padded(targets, _IGNORED, self._device)  # (B, T)
        rows = torch.as_tensor(columns, device=self._device)
        with _last_states(self._head) as captured:
            self._model(
                encoder_outputs=BaseModelOutput(last_hidden_state=encoded.states[rows]),
                attention_mask=encoded.mask[rows],
                decoder_input_ids=self._shifted(labels),
                use_cache=False,
            )
        labels = labels.to(captured[0].device)
        real = labels != _IGNORED
        states, tokens = captured[0][real], labels[real]  # (target tokens, hidden), (target tokens)
        pieces = zip(states.split(self._piece), tokens.split(self._piece), strict=True)
        losses = torch.zeros(labels.shape, dtype=torch.float64)
        losses[real.cpu()] = torch.cat([self._losses(*piece) for piece in pieces])
        return (losses.sum(1) / real.cpu().sum(1)).numpy()

    def _losses(self, states: Tensor, targets: Tensor) -> Tensor:
        """Return the cross-entropy of each token, float64, on the CPU."""
        logits = self._head(states)  # (piece, V)
        if self._bias is not None:
            logits = logits + self._bias
        return cross_entropy(logits.float(), targets, reduction="none").double().cpu()

    def _shifted(self, labels: Tensor) -> Tensor:
        """Return what the decoder reads to predict ``labels``: the labels shifted right by one."""
        shift = getattr(self._model, "prepare_decoder_input_ids_from_labels", None)
        if shift is not None:
            return shift(labels=labels)
        start = torch.full_like(labels[:, :1], self._model.config.decoder_start_token_id)
        shifted = torch.cat([start, labels[:, :-1]], dim=1)
        return shifted.masked_fill(shifted == _IGNORED, self._pad)

    @torch.inference_mode()
    def _check_loss(self) -> None:
        ids = [token for token in range(_PROBE + 1) if token != self._pad][:_PROBE]
        tensor = torch.tensor([ids], device=self._device)
        expected = float(self._model(input_ids=tensor, labels=tensor, use_cache=False).loss)
        found = float(self.cross_entropies([ids], [ids], np.zeros((1, 2), int), _PROBE, False)[0])
        if not np.isclose(found, expected, rtol=1e-2):
            raise InputError(
                f"{type(self._model).__name__}: its loss is {expected:.4f} where its output "
                f"embeddings and last states give {found:.4f}, so that it cannot score here"
            )


@contextmanager
def _last_states(head: nn.Module) -> Iterator[list[Tensor]]:
    """Collect the input of an output layer, and pass the layer an empty one.

    Logits for a batch's tokens times a vocabulary of 256,000 would take gigabytes.
    """
    captured: list[Tensor] = []

    def keep(_: nn.Module, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        captured.append(arguments[0])
        return (arguments[0][:, :0],)

    handle = head.register_forward_pre_hook(keep)
    try:
        yield captured
    finally:
        handle.remove()


def _padded(rows: Sequence[Sequence[int]], value: int, device: torch.device) -> Tensor:
    tensors = [torch.tensor(row) for row in rows]
    return pad_sequence(tensors, batch_first=True, padding_value=value).to(device)
