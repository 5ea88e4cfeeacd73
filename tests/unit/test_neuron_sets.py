"""Sets of neurons: from the neurons table, by phase, from mask files."""

import os
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from deactivation_cases import LANGUAGES, D, L, write_neurons

from langneurons.artifacts.tables import write_table
from langneurons.errors import InputError
from langneurons.neurons.sets import MASK, SETS, read_masks, sets_by_phase, sets_of_table
from langneurons.phases.table import PHASES


def test_lape_has_no_related_type(tmp_path):
    write_neurons(tmp_path / "neurons")
    sets = sets_of_table(tmp_path / "neurons", list(SETS), (L, D), ["de", "en"])
    # Languages in another order than in the table's lists.
    assert {name: mask.sum(axis=(1, 2)).tolist() for name, mask in sets.items()} == {
        "specific": [0, 3],
        "specific+related": [2, 5],
        "specific+related+general": [4, 7],
    }


def test_a_set_is_parted_by_phase(tmp_path):
    write_neurons(tmp_path / "neurons")
    rows = {"phase": [1, 2], "first_layer": [0, 1], "last_layer": [0, 1]}
    others = {"name": "segment", "specific": 0, "related": 0, "general": 0}
    bounds = {"first_layer_low": None, "first_layer_high": None}
    write_table(pd.DataFrame(rows).assign(**others, **bounds), tmp_path / "phases", PHASES)
    sets = sets_of_table(tmp_path / "neurons", ["specific+related"], (L, D), LANGUAGES)
    parts = sets_by_phase(sets, tmp_path / "phases")
    # English: 0, 1 and 3 in layer 0, 2 and 4 in layer 1. German: 3 in layer 0, 4 in layer 1.
    assert list(parts) == ["specific+related@phase 1", "specific+related@phase 2"]
    first, second = parts.values()
    assert [np.argwhere(mask).tolist() for mask in first] == [[[0, 0], [0, 1], [0, 3]], [[0, 3]]]
    assert [np.argwhere(mask).tolist() for mask in second] == [[[1, 2], [1, 4]], [[1, 4]]]


class _Code:
    def __reduce__(self):
        return os.getcwd, ()


def layers(*sizes):
    return [torch.arange(size) for size in sizes]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([layers(1, 2)], r"masks of 1 languages, expected 2 \(en de\)"),
        ([layers(1, 2), layers(1, 2, 3)], "3 layers for de, expected 2"),
        ([layers(1, 2), layers(1, 25)], "layer 1 of de has the index 24, expected 0 to 23"),
        ([layers(1, 2), [torch.tensor([-1])] * 2], "layer 0 of de has the index -1"),
        ({"en": layers(1, 2)}, "found something else"),
        ([[1, 2], [3, 4]], "found something else"),
        ([[torch.ones(2)] * 2] * 2, "found something else"),
    ],
)
def test_masks_of_another_model(tmp_path, content, message):
    torch.save(content, tmp_path / "mask.pt")
    with pytest.raises(InputError, match=message) as caught:
        read_masks(tmp_path / "mask.pt", (L, D), LANGUAGES)
    assert str(tmp_path / "mask.pt") in str(caught.value)


def test_mask_files_that_cannot_be_read(tmp_path):
    path = tmp_path / "mask.pt"
    with pytest.raises(InputError, match="no such file"):
        read_masks(path, (L, D), LANGUAGES)
    torch.save([layers(1, 2), layers(3, 4)], path)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"not a tensor"):
        path.write_bytes(content)
        with pytest.raises(InputError, match="truncated or foreign"):
            read_masks(path, (L, D), LANGUAGES)
    path.write_bytes(pickle.dumps(_Code(), protocol=2))
    with pytest.raises(InputError, match=r"pickled code .*, not run"):
        read_masks(path, (L, D), LANGUAGES)
    torch.save([[torch.tensor([]), torch.tensor([3])]] * 2, path)  # an empty list is a float
    assert read_masks(path, (L, D), LANGUAGES)[MASK].sum() == 2


def test_neurons_of_another_model(tmp_path):
    write_neurons(tmp_path / "neurons", layers=3, width=20)
    message = "neurons of another model: 3 layers of 20 neurons, expected 2 layers of 24"
    with pytest.raises(InputError, match=message):
        sets_of_table(tmp_path / "neurons", list(SETS), (L, D), LANGUAGES)
