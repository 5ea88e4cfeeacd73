"""METHOD 1's formula computed slowly, from the named weights of each architecture."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from tiny_models import LAYERS


def silu(x: float) -> float:
    return x / (1 + math.exp(-x))


def gelu(x: float) -> float:
    return x * 0.5 * (1 + math.erf(x / math.sqrt(2)))


def relu(x: float) -> float:
    return max(x, 0.0)


def gelu_tanh(x: float) -> float:
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


@dataclass
class Formula:
    """Where an architecture keeps an MLP's input and first weights, and its act()."""

    block: str
    weight: Callable[[torch.nn.Module], torch.Tensor]
    bias: Callable[[torch.nn.Module], torch.Tensor] | None
    act: Callable[[float], float]


def gated(act: Callable[[float], float]) -> Formula:
    return Formula("model.layers.{}.mlp", lambda mlp: mlp.gate_proj.weight, None, act)


FORMULAS = {
    "llama": gated(silu),
    "mistral": gated(silu),
    "qwen2": gated(silu),
    "gemma2": gated(gelu_tanh),
    "gemma3_text": gated(gelu_tanh),
    # Rows 0..D-1 of the fused projection are the gate, rows D..2D-1 are up; D = 24.
    "phi3": Formula("model.layers.{}.mlp", lambda mlp: mlp.gate_up_proj.weight[:24], None, silu),
    "gpt_neox": Formula(
        "gpt_neox.layers.{}.mlp",
        lambda mlp: mlp.dense_h_to_4h.weight,
        lambda mlp: mlp.dense_h_to_4h.bias,
        gelu,
    ),
    "bloom": Formula(
        "transformer.h.{}.mlp",
        lambda mlp: mlp.dense_h_to_4h.weight,
        lambda mlp: mlp.dense_h_to_4h.bias,
        gelu_tanh,
    ),
    "opt": Formula(
        "model.decoder.layers.{}.fc1", lambda fc1: fc1.weight, lambda fc1: fc1.bias, relu
    ),
    # Conv1D keeps its weight as (inputs, outputs).
    "gpt2": Formula(
        "transformer.h.{}.mlp",
        lambda mlp: mlp.c_fc.weight.T,
        lambda mlp: mlp.c_fc.bias,
        gelu_tanh,
    ),
}


def pre_activations_of(model, architecture: str, row) -> np.ndarray:
    """Pre-activations of one row's response tokens in double precision; (L, tokens, D)."""
    formula = FORMULAS[architecture]
    blocks = [model.get_submodule(formula.block.format(layer)) for layer in range(LAYERS)]
    inputs = mlp_inputs(model, blocks, [*row.prompt_tokens, *row.response_tokens])
    layers = []
    for block, block_input in zip(blocks, inputs, strict=True):
        weight = formula.weight(block).double().numpy()  # (D, hidden)
        bias = formula.bias(block).double().numpy() if formula.bias else np.zeros(len(weight))
        response = block_input[len(row.prompt_tokens) :]
        layers.append(np.stack([weight @ state + bias for state in response]))
    return np.stack(layers)


def count_slowly(
    model, architecture: str, table: pd.DataFrame, languages: list[str], folds: int
) -> tuple[np.ndarray, list[int]]:
    """Count with Python loops; (K, F, L, D), and the rows left out.

    A row is left out where a sign hangs on rounding: float32 sums of 16 terms of order 1 err by
    about 1e-6.
    """
    act = FORMULAS[architecture].act
    counts: np.ndarray | int = 0
    left_out = []
    for row in table.itertuples():
        layers = pre_activations_of(model, architecture, row)
        if np.abs(layers).min() < 1e-5:
            left_out.append(row.Index)
            continue
        L, _, D = layers.shape
        one = np.zeros((len(languages), folds, L, D), dtype=np.int64)
        for layer, token, neuron in np.ndindex(layers.shape):
            if act(layers[layer, token, neuron]) > 0:
                one[languages.index(row.language), row.fold, layer, neuron] += 1
        counts = counts + one
    return counts, left_out


def mlp_inputs(model, blocks, ids: list[int]) -> list[np.ndarray]:
    """Run one row alone and catch what goes into each MLP; (tokens, hidden) each."""
    caught: list[np.ndarray] = []
    hooks = [
        block.register_forward_pre_hook(
            lambda _, arguments: caught.append(arguments[0].reshape(len(ids), -1).double().numpy())
        )
        for block in blocks
    ]
    with torch.no_grad():
        model(input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)))
    for hook in hooks:
        hook.remove()
    return caught
