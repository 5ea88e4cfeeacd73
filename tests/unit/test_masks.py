"""Masks in the file format of the paper's release."""

import numpy as np
import pytest
import torch
from core_cases import LANGUAGES, one_layer, write_case

from langneurons.neurons.masks import write_masks
from langneurons.neurons.table import read_neurons

# τ at quantile 0.5 is the 9th smallest of eighteen, 1/4. The least entropies are those of neurons
# 0 and 1 of layer 0 (en; en and ru) and of neuron 2 of layer 1 (es).
PROBABILITIES = np.concatenate(
    [
        one_layer((1.0, 0, 0), (0.75, 0.5, 0), (1.0, 0.75, 0.75)),
        one_layer((0, 0, 0), (0.5, 0.25, 0.75), (0, 0, 0.5)),
    ]
)


@pytest.fixture
def neurons(tmp_path):
    parameters = {"top_rate": 0.5, "threshold_quantile": 0.5, "lambda_": 0.0}
    return write_case(tmp_path, PROBABILITIES, **parameters)[2]


def test_masks_by_hand(tmp_path, neurons):
    write_masks(neurons, tmp_path / "masks.pt", LANGUAGES[:3])
    masks = torch.load(tmp_path / "masks.pt", weights_only=True)
    assert [[layer.tolist() for layer in mask] for mask in masks] == [
        [[0, 1], []],  # en
        [[1], []],  # ru
        [[], [2]],  # es
    ]
    assert type(masks) is type(masks[0]) is list
    assert {layer.dtype for mask in masks for layer in mask} == {torch.int64}


def test_languages_come_in_the_order_asked(tmp_path, neurons):
    order = ("es", "en", "ru")
    write_masks(neurons, tmp_path / "masks.pt", order)
    masks = torch.load(tmp_path / "masks.pt", weights_only=True)
    sizes = [sum(len(layer) for layer in mask) for mask in masks]
    assert sizes == [1, 2, 1]
    assert sizes == read_neurons(neurons, order).masks().sum(axis=(0, 1)).tolist()


def test_two_writes_give_identical_bytes(tmp_path, neurons):
    for name in ("one.pt", "two.pt"):
        write_masks(neurons, tmp_path / name, LANGUAGES[:3])
    assert (tmp_path / "one.pt").read_bytes() == (tmp_path / "two.pt").read_bytes()
