"""Train the weights of chosen neurons on texts, and nothing else (METHOD 8)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from transformers import PreTrainedModel

from langneurons.errors import InputError
from langneurons.models.batches import batches, sequence_lengths
from langneurons.models.head import Head
from langneurons.models.likelihood import nll_backward
from langneurons.models.memory import lowering
from langneurons.models.neuron_weights import NeuronChanges
from langneurons.models.probing import decoder_of, input_device
from langneurons.neurons.controls import generator_of


def train_neurons(
    model: PreTrainedModel,
    head: Head,
    changes: NeuronChanges,
    texts: pd.DataFrame,
    training: Mapping[str, Any],
    batch_tokens: int,
) -> tuple[list[float], int]:
    """Train changes of the weights of neurons to predict texts.

    The loss is the mean NLL of all scored tokens of a step's texts, so that long texts count for
    more. AdamW without weight decay, at a constant learning rate, without dropout.

    Parameters
    ----------
    model, head
        A decoder-only model in evaluation mode whose parameters require no gradients, and its head.
    changes
        What is trained.
    texts
        Rows of `TOKENS` in one language; response tokens are scored.
    training
        ``steps``, ``batch`` (texts in a step), ``learning_rate`` and ``seed``: with the language,
        it decides the order of the texts.
    batch_tokens
        Most tokens of a forward and backward pass, padding included; a longer text is one of its
        own. No result depends on it but for rounding.

    Returns
    -------
    losses, tokens
        The loss of each step, before its update, in nats per token; and how many tokens were
        scored in all steps.

    Raises
    ------
    InputError
        If training diverges, or a pass does not fit into memory.
    """
    optimiser = torch.optim.AdamW(
        changes.parameters, lr=training["learning_rate"], weight_decay=0.0
    )
    decoder, tokens = decoder_of(model), 0
    losses: list[float] = []
    order = orders(len(texts), texts["language"].iloc[0], training)
    with (
        torch.enable_grad(),
        lowering("collection.backward_batch_tokens", batch_tokens),
        changes.added(),
    ):
        for rows in order:
            some, total = texts.iloc[rows], 0.0
            scored = int(sequence_lengths(some["response_tokens"]).sum())
            groups = np.zeros(len(some), dtype=np.int64)
            for batch in batches(some, groups, batch_tokens, decoder.config):
                batch = batch.to(input_device(model))
                # No attention mask: in a causal model no token sees the padding to its right.
                states = decoder(input_ids=batch.ids, use_cache=False)[0]
                total += nll_backward(head, states, batch)
            for parameter in changes.parameters:
                if parameter.grad is not None:
                    parameter.grad /= scored
            optimiser.step()
            optimiser.zero_grad()
            losses.append(total / scored)
            tokens += scored
    if not all(bool(parameter.isfinite().all()) for parameter in changes.parameters):
        raise InputError(
            f"training of the neurons of {texts['language'].iloc[0]} diverged; lower "
            f"enhancement.learning_rate (now {training['learning_rate']:g})"
        )
    return losses, tokens


def orders(texts: int, language: str, training: Mapping[str, Any]) -> Iterator[Sequence[int]]:
    """Yield which texts each step has: all of them in random order, then again in another one.

    Fewer texts than a step has are all there are.
    """
    generator = generator_of(training["seed"], language, "training")
    batch, left = min(training["batch"], texts), np.zeros(0, dtype=np.int64)
    for _ in range(training["steps"]):
        if len(left) < batch:
            again = generator.permutation(texts)
            # Those that are left come last of the next round: no step has a text twice.
            late = np.isin(again, left)
            left = np.concatenate([left, again[~late], again[late]])
        yield left[:batch].tolist()
        left = left[batch:]
