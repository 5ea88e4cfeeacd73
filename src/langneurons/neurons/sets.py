"""Which neurons to switch off: sets by type and language, and published masks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from langneurons.artifacts.tables import read_arrow, read_table
from langneurons.artifacts.tensors import load_tensors
from langneurons.errors import InputError
from langneurons.neurons.table import read_neurons
from langneurons.neurons.types import TYPES, Neurons

if TYPE_CHECKING:
    from torch import Tensor

#: The two sets that differ by the related neurons; and, no set of a language, the specific neurons
#: with as many random ones as there are related, the control of what the related ones add.
SPECIFIC, WITH_RELATED, SPECIFIC_RANDOM = "specific", "specific+related", "specific+random"
#: Types of neurons in each set (METHOD 6); a language's set has those with p > τ for it.
SETS = {
    SPECIFIC: ("specific",),
    WITH_RELATED: ("specific", "related"),
    "specific+related+general": ("specific", "related", "general"),
}
#: Name of the set from a published mask file.
MASK = "mask"
#: Between the name of a set and the phase to which it is restricted.
AT_PHASE = "@phase "
#: The columns of phases that say which layers they are.
PHASE_LAYERS = pa.schema([(name, pa.int32()) for name in ("phase", "first_layer", "last_layer")])
#: The column of a neurons artefact that ranks them.
_SCORE = pa.schema([("score", pa.float64())])


def sets_of_table(
    path: str | Path, sets: Sequence[str], shape: tuple[int, int], languages: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return sets of neurons from a neurons artefact.

    Parameters
    ----------
    path
        A neurons artefact.
    sets
        Keys of `SETS`.
    shape
        (L, D) of the model.
    languages
        The K languages, in the order of the result.

    Returns
    -------
    dict
        For each set, a boolean array (K, L, D).

    Raises
    ------
    InputError
        If a set is unknown, or the table is for a model of another shape or for other languages.
    """
    unknown = [name for name in sets if name not in SETS]
    if unknown:
        raise InputError(f"set {unknown[0]!r}, expected some of {', '.join(SETS)}")
    neurons = _read_neurons(path, shape, languages)
    active = np.moveaxis(neurons.active, -1, 0)  # (K, L, D)
    return {
        name: active & np.isin(neurons.kind, [TYPES.index(kind) for kind in SETS[name]])
        for name in sets
    }


def ranked_neurons(
    path: str | Path, shape: tuple[int, int], languages: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return the specific and related neurons of each language, the most language-bound first.

    They are ranked by their score, which is that of a neuron, not of a neuron and a language; of
    equal ones the earlier comes first. See `sets_of_table` for the parameters and errors.

    Returns
    -------
    dict
        Language → positions, layer · D + neuron, int64 (n,).
    """
    neurons = _read_neurons(path, shape, languages)
    score = read_arrow(path, _SCORE)["score"].to_numpy()
    order = np.argsort(score, kind="stable")  # NaN, where nothing is selected, sorts last
    masks = neurons.language_bound().reshape(-1, len(languages))[order]
    return {name: order[mask] for name, mask in zip(languages, masks.T, strict=True)}


def selected_neurons(
    path: str | Path, shape: tuple[int, int], languages: Sequence[str]
) -> np.ndarray:
    """Return the neurons that a method selected, for whatever languages, boolean (L, D).

    See `sets_of_table` for the parameters and errors.
    """
    return _read_neurons(path, shape, languages).selected


def language_neurons(
    path: str | Path, shape: tuple[int, int], languages: Sequence[str]
) -> np.ndarray:
    """Return the neurons that are specific to a language or related to some, boolean (L, D).

    See `sets_of_table` for the parameters and errors.
    """
    masks = sets_of_table(path, [WITH_RELATED], shape, languages)[WITH_RELATED]
    return np.logical_or.reduce(masks)


def sets_by_phase(sets: Mapping[str, np.ndarray], phases_path: str | Path) -> dict[str, np.ndarray]:
    """Return, for each set and phase, the neurons of the set that lie in the phase's layers.

    Parameters
    ----------
    sets
        For each name, a boolean array (K, L, D).
    phases_path
        A segments artefact, or phases.

    Returns
    -------
    dict
        Boolean arrays (K, L, D) under the names of `phase_set`.
    """
    found = {}
    for name, neurons in sets.items():
        for phase in read_table(phases_path, PHASE_LAYERS).itertuples():
            within = np.zeros_like(neurons)
            layers = slice(phase.first_layer, phase.last_layer + 1)
            within[:, layers] = neurons[:, layers]
            found[phase_set(name, phase.phase)] = within
    return found


def is_whole(name: str) -> bool:
    """Tell whether a set is all neurons of its kind: no part of one phase, no random neurons."""
    return AT_PHASE not in name and name != SPECIFIC_RANDOM


def phase_set(name: str, phase: int) -> str:
    """Return the name of the part of a set that lies in one phase (from 1)."""
    return f"{name}{AT_PHASE}{phase}"


def read_masks(
    path: str | Path, shape: tuple[int, int], languages: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return the masks of a file in the release's format as the set ``mask``.

    It holds a list over languages, ordered as ``languages``, of lists over layers of LongTensors.

    Returns
    -------
    dict
        ``mask``: a boolean array (K, L, D).

    Raises
    ------
    InputError
        If the file holds no such list, or is for another model: the number of languages or layers
        differs, or an index is out of range.
    """
    content = _load(Path(path))
    L, D = shape
    if len(content) != len(languages):
        raise InputError(
            f"{path}: masks of {len(content)} languages, expected {len(languages)} "
            f"({' '.join(languages)})"
        )
    mask = np.zeros((len(languages), L, D), dtype=bool)
    for language, rows, layers in zip(languages, mask, content, strict=True):
        if len(layers) != L:
            raise InputError(
                f"{path}: mask of another model: {len(layers)} layers for {language}, expected {L}"
            )
        for layer, tensor in enumerate(layers):
            indices = tensor.long().numpy()
            wrong = indices[(indices < 0) | (indices >= D)]
            if wrong.size:
                raise InputError(
                    f"{path}: mask of another model: layer {layer} of {language} has the index "
                    f"{wrong[0]}, expected 0 to {D - 1} ({D} neurons a layer)"
                )
            rows[layer, indices] = True
    return {MASK: mask}


def _read_neurons(path: str | Path, shape: tuple[int, int], languages: Sequence[str]) -> Neurons:
    neurons = read_neurons(path, languages)
    if neurons.kind.shape != tuple(shape):
        raise InputError(
            f"{path}: neurons of another model: {_layers(neurons.kind.shape)}, "
            f"expected {_layers(shape)}"
        )
    return neurons


def _load(path: Path) -> "list[list[Tensor]]":
    import torch

    expected = "a list over languages of lists over layers of integer tensors"
    content = load_tensors(path, expected)
    lists = isinstance(content, list) and all(isinstance(layers, list) for layers in content)
    tensors = [tensor for layers in content for tensor in layers] if lists else [None]
    if not all(
        isinstance(tensor, torch.Tensor)
        and tensor.ndim == 1
        # torch.tensor([]) is a float.
        and (tensor.dtype in (torch.int32, torch.int64) or tensor.numel() == 0)
        for tensor in tensors
    ):
        raise InputError(f"{path}: expected {expected}, found something else")
    return content


def _layers(shape: tuple[int, int]) -> str:
    return f"{shape[0]} layers of {shape[1]} neurons"
