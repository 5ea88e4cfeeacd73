"""Changes of the numbers of neurons between two models (METHOD 4)."""

import numpy as np
import pandas as pd
import pytest
from core_cases import LANGUAGES, QUICK, one_layer, typed_neurons, write_case
from hypothesis import given
from hypothesis import strategies as st
from phase_cases import write_phase_artefacts

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.comparison import changes, positions
from langneurons.comparison.tables import write_comparison
from langneurons.errors import InputError
from langneurons.neurons.types import GENERAL, OTHER, RELATED, SPECIFIC, TYPES, Neurons
from langneurons.phases.table import read_phases

# Two layers of three neurons, three languages.
BEFORE = Neurons(
    kind=np.array([[SPECIFIC, RELATED, OTHER], [GENERAL, SPECIFIC, OTHER]]),
    active=np.array(
        [[[1, 0, 0], [1, 1, 0], [0, 0, 0]], [[1, 1, 1], [0, 0, 1], [0, 1, 0]]], dtype=bool
    ),
    selected=np.array([[True, True, False], [False, True, False]]),
)
AFTER = Neurons(
    kind=np.array([[RELATED, RELATED, OTHER], [GENERAL, GENERAL, SPECIFIC]]),
    active=np.array(
        [[[1, 0, 1], [1, 1, 0], [0, 0, 0]], [[1, 1, 1], [1, 1, 1], [0, 1, 0]]], dtype=bool
    ),
    selected=np.array([[True, True, False], [False, False, True]]),
)
PHASES = pd.DataFrame({"phase": [1, 2], "name": ["a", "b"], "first_layer": [0, 1]})


def test_layer_change_by_hand():
    table = changes.layer_change(BEFORE, AFTER)
    assert table.columns.tolist() == changes.LAYERS.names
    assert table["layer"].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert table["type"].tolist() == list(TYPES) * 2
    # specific, related, general, other of layer 0, then of layer 1
    assert table["before"].tolist() == [1, 1, 0, 1, 1, 0, 1, 1]
    assert table["after"].tolist() == [0, 2, 0, 1, 1, 0, 2, 0]
    assert table["change"].tolist() == [-1, 1, 0, 0, 0, 0, 1, -1]


def test_phase_change_by_hand():
    one = PHASES.iloc[:1]
    table = changes.phase_change(BEFORE, AFTER, one)
    assert table.columns.tolist() == changes.PHASES.names
    assert table["name"].tolist() == ["a"] * 4
    # Both layers in one phase: their sum.
    assert table["before"].tolist() == [2, 1, 1, 2]
    assert table["change"].tolist() == [-1, 1, 1, -1]


def test_sharing_change_by_hand():
    table = changes.sharing_change(BEFORE, AFTER)
    assert table.columns.tolist() == changes.SHARING.names
    assert table["population"].tolist() == ["all"] * 4 + ["selected"] * 4
    assert table["n_languages"].tolist() == [0, 1, 2, 3] * 2
    # N before: 1 2 0 / 3 1 1; after: 2 2 0 / 3 3 1. Selected: 1 2 1; after 2 2 1.
    assert table["before"].tolist() == [1, 3, 1, 1, 0, 2, 1, 0]
    assert table["after"].tolist() == [1, 1, 2, 2, 0, 1, 2, 0]
    assert table["change"].tolist() == [0, -2, 1, 1, 0, -1, 1, 0]


def test_language_change_by_hand():
    table = changes.language_change(BEFORE, AFTER, ("en", "ru", "es"), "en", ["es"])
    assert table.columns.tolist() == changes.LANGUAGES.names
    assert table["language"].tolist() == ["en", "en", "ru", "ru", "es", "es"]
    assert table["type"].tolist() == ["specific", "related"] * 3
    assert table["pivot"].tolist() == [True] * 2 + [False] * 4
    assert table["trained"].tolist() == [False] * 4 + [True] * 2
    # Specific before: en and es; after: ru. Related before: en + ru; after: en + es and en + ru.
    assert table["before"].tolist() == [1, 1, 0, 1, 1, 0]
    assert table["after"].tolist() == [0, 2, 1, 1, 0, 1]
    assert table["change"].tolist() == [-1, 1, 1, 0, -1, 1]


@QUICK
@given(typed_neurons(3, 4), typed_neurons(3, 4))
def test_changes_of_all_types_cancel_out(before, after):
    # Every neuron has one type before and one after.
    layers = changes.layer_change(before, after)
    assert (layers.groupby("layer")["change"].sum() == 0).all()
    assert (layers.groupby("layer")["before"].sum() == 4).all()
    sharing = changes.sharing_change(before, after).groupby("population")["change"].sum()
    assert sharing["all"] == 0
    assert sharing["selected"] == after.selected.sum() - before.selected.sum()


@QUICK
@given(typed_neurons(5, 3), typed_neurons(5, 3), st.sets(st.integers(1, 4)))
def test_phases_sum_their_layers(before, after, cuts):
    starts = [0, *sorted(cuts)]
    names = [str(start) for start in starts]
    phases = pd.DataFrame(
        {"phase": range(1, len(starts) + 1), "name": names, "first_layer": starts}
    )
    layers = changes.layer_change(before, after)
    phase = np.searchsorted(starts, layers["layer"], side="right")
    expected = layers.assign(phase=phase).groupby(["phase", "type"])["change"].sum()
    found = changes.phase_change(before, after, phases).set_index(["phase", "type"])["change"]
    assert found.to_dict() == expected.to_dict()


@QUICK
@given(typed_neurons(2, 4), typed_neurons(2, 4))
def test_exchanging_the_models_negates_every_change(before, after):
    for compare in (changes.layer_change, changes.sharing_change):
        forward, backward = compare(before, after), compare(after, before)
        assert forward["change"].tolist() == (-backward["change"]).tolist()


@QUICK
@given(typed_neurons(2, 4), typed_neurons(2, 4), st.permutations(range(3)))
def test_permuting_languages_permutes_the_rows(before, after, order):
    languages = LANGUAGES[:3]
    table = changes.language_change(before, after, languages, "en", ["ru"])
    permuted = changes.language_change(
        *(Neurons(n.kind, n.active[..., order], n.selected) for n in (before, after)),
        [languages[i] for i in order],
        "en",
        ["ru"],
    )
    expected = table.set_index(["language", "type"]).loc[
        pd.MultiIndex.from_frame(permuted[["language", "type"]])
    ]
    pd.testing.assert_frame_equal(permuted.set_index(["language", "type"]), expected)


SHAPE = {"top_rate": 0.5, "threshold_quantile": 0.25, "lambda_": 0.0}
NAMES = ("layers", "sharing", "phases", "languages", "overlap", "transitions")


def write_model(folder, probabilities: np.ndarray):
    folder.mkdir()
    counts, _, neurons, summary = write_case(folder, probabilities, **SHAPE)
    outputs = write_phase_artefacts(folder, neurons, summary, counts, 2, SHAPE)
    return neurons, outputs["phases"]


def test_comparison_artefacts(tmp_path):
    specific, general = one_layer((1, 0), (0, 1)), one_layer((1, 1), (0.5, 0.5))
    first, phases = write_model(tmp_path / "first", np.concatenate([specific, general]))
    second, _ = write_model(tmp_path / "second", np.concatenate([general, specific]))
    outputs = {name: tmp_path / f"{name}.parquet" for name in NAMES}
    names = ("base", "aligned")
    write_comparison(first, second, phases, outputs, ("en", "ru"), "en", ["ru"], names)
    schemas = {
        **{name: getattr(changes, name.upper()) for name in NAMES[:4]},
        **{name: getattr(positions, name.upper()) for name in NAMES[4:]},
    }
    tables = {name: read_table(outputs[name], schemas[name]) for name in NAMES}
    assert read_provenance(outputs["layers"])["before"] == "base"
    # Two specific neurons move from layer 0 to layer 1, two general ones the other way.
    assert tables["layers"]["change"].tolist() == [-2, 0, 2, 0, 2, 0, -2, 0]
    assert tables["phases"]["change"].tolist() == [-2, 0, 2, 0, 2, 0, -2, 0]
    assert read_phases(phases)["first_layer"].tolist() == [0, 1]
    assert not tables["sharing"]["change"].any()
    assert not tables["languages"]["change"].any()
    assert tables["overlap"]["n_both"].tolist() == [0, 0, 0, 0]
    moved = tables["transitions"].query("neurons > 0")
    assert moved[["type_before", "type_after", "neurons"]].to_numpy().tolist() == [
        ["specific", "general", 2],
        ["general", "specific", 2],
    ]


def test_models_of_different_shape_are_refused(tmp_path):
    pair = one_layer((1, 0), (1, 1))
    first, phases = write_model(tmp_path / "first", np.concatenate([pair, pair]))
    second, _ = write_model(tmp_path / "second", np.concatenate([pair, pair, pair]))
    with pytest.raises(
        InputError, match=r"second/neurons\.parquet: 3 layers × 2 neurons, expected 2 × 2 as in"
    ):
        write_comparison(first, second, phases, {}, ("en", "ru"), "en", [], ("a", "b"))
