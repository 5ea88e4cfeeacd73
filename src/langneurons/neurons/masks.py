"""Masks of language neurons in the release's file format.

The file holds a list over languages (in config order) of lists over layers of LongTensors: the
indices of the selected neurons with p > τ for that language.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from langneurons.artifacts.tensors import save_tensors
from langneurons.neurons.table import read_neurons


def write_masks(neurons_path: str | Path, output: str | Path, languages: Sequence[str]) -> None:
    """Export the masks of a neurons artefact with ``torch.save``."""
    import torch

    masks = np.moveaxis(read_neurons(neurons_path, languages).masks(), -1, 0)
    tensors = [[torch.from_numpy(np.flatnonzero(row)) for row in mask] for mask in masks]
    save_tensors(tensors, output)
