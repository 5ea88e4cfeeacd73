"""Changes of the numbers of neurons between two models (METHOD 4)."""

import numpy as np
import pandas as pd
import pytest
from core_cases import LANGUAGES, QUICK, one_layer, typed_neurons, write_case
from hypothesis import given
from hypothesis import strategies as st
from phase_cases import write_phase_artefacts

from langneurons.activations.counts import Counts, write_counts
from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.comparison import changes, positions
from langneurons.comparison.scale import SCALES
from langneurons.comparison.tables import write_comparison
from langneurons.errors import InputError
from langneurons.neurons.types import GENERAL, OTHER, RELATED, SPECIFIC, TYPES, Neurons
from langneurons.phases.table import read_phases
from langneurons.uncertainty.resampling import FOLDS, Units

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


def change(counted: changes.Counted, before=BEFORE, after=AFTER) -> pd.DataFrame:
    """A table of changes without draws, and with nothing that refitting adds."""
    rows = counted.numbers(before).size
    table = changes.change_table(
        counted, before, after, np.zeros(rows, int), np.empty((0, rows)), units=Units(0, FOLDS)
    )
    assert table.columns.tolist() == counted.schema.names
    return table


PHASES = pd.DataFrame({"phase": [1, 2], "name": ["a", "b"], "first_layer": [0, 1]})


def test_layer_change_by_hand():
    table = change(changes.by_layer(2))
    assert table["layer"].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert table["type"].tolist() == list(TYPES) * 2
    # specific, related, general, other of layer 0, then of layer 1
    assert table["before"].tolist() == [1, 1, 0, 1, 1, 0, 1, 1]
    assert table["after"].tolist() == [0, 2, 0, 1, 1, 0, 2, 0]
    assert table["change"].tolist() == [-1, 1, 0, 0, 0, 0, 1, -1]


def test_total_change_by_hand():
    table = change(changes.in_total())
    assert table["type"].tolist() == list(TYPES)
    assert table["before"].tolist() == [2, 1, 1, 2]
    assert table["after"].tolist() == [1, 2, 2, 1]


def test_phase_change_by_hand():
    one = PHASES.iloc[:1]
    table = change(changes.by_phase(one))
    assert table["name"].tolist() == ["a"] * 4
    # Both layers in one phase: their sum.
    assert table["before"].tolist() == [2, 1, 1, 2]
    assert table["change"].tolist() == [-1, 1, 1, -1]


def test_sharing_change_by_hand():
    table = change(changes.by_sharing(3))
    assert table["population"].tolist() == ["all"] * 4 + ["selected"] * 4
    assert table["n_languages"].tolist() == [0, 1, 2, 3] * 2
    # N before: 1 2 0 / 3 1 1; after: 2 2 0 / 3 3 1. Selected: 1 2 1; after 2 2 1.
    assert table["before"].tolist() == [1, 3, 1, 1, 0, 2, 1, 0]
    assert table["after"].tolist() == [1, 1, 2, 2, 0, 1, 2, 0]
    assert table["change"].tolist() == [0, -2, 1, 1, 0, -1, 1, 0]


def test_language_change_by_hand():
    table = change(changes.by_language(("en", "ru", "es"), "en", ["es"]))
    assert table["language"].tolist() == ["en", "en", "ru", "ru", "es", "es"]
    assert table["type"].tolist() == ["specific", "related"] * 3
    assert table["pivot"].tolist() == [True] * 2 + [False] * 4
    assert table["trained"].tolist() == [False] * 4 + [True] * 2
    # Specific before: en and es; after: ru. Related before: en + ru; after: en + es and en + ru.
    assert table["before"].tolist() == [1, 1, 0, 1, 1, 0]
    assert table["after"].tolist() == [0, 2, 1, 1, 0, 1]
    assert table["change"].tolist() == [-1, 1, 1, 0, -1, 1]


def test_group_change_by_hand():
    table = change(changes.by_group(("en", "ru", "es"), "en", ["es"]))
    assert table["group"].unique().tolist() == ["pivot", "rest", "trained", "other"]
    assert table["n_languages"].tolist() == [1, 1, 2, 2, 1, 1, 2, 2]
    assert table["languages"].tolist()[::2] == [["en"], ["ru", "es"], ["es"], ["en", "ru"]]
    # The rows of English, Russian and Spanish summed.
    assert table["before"].tolist() == [1, 1, 1, 1, 1, 0, 1, 2]
    assert table["after"].tolist() == [0, 2, 1, 2, 0, 1, 1, 3]


def test_a_group_without_a_language_has_no_row():
    table = change(changes.by_group(("en", "ru", "es"), "en", []))
    assert table["group"].unique().tolist() == ["pivot", "rest", "other"]


@QUICK
@given(typed_neurons(3, 4), typed_neurons(3, 4))
def test_changes_of_all_types_cancel_out(before, after):
    # Every neuron has one type before and one after.
    layers = change(changes.by_layer(3), before, after)
    assert (layers.groupby("layer")["change"].sum() == 0).all()
    assert (layers.groupby("layer")["before"].sum() == 4).all()
    sharing = change(changes.by_sharing(3), before, after).groupby("population")["change"].sum()
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
    layers = change(changes.by_layer(5), before, after)
    phase = np.searchsorted(starts, layers["layer"], side="right")
    expected = layers.assign(phase=phase).groupby(["phase", "type"])["change"].sum()
    found = change(changes.by_phase(phases), before, after).set_index(["phase", "type"])["change"]
    assert found.to_dict() == expected.to_dict()


@QUICK
@given(typed_neurons(2, 4), typed_neurons(2, 4))
def test_exchanging_the_models_negates_every_change(before, after):
    for counted in (changes.in_total(), changes.by_layer(2), changes.by_sharing(3)):
        forward, backward = change(counted, before, after), change(counted, after, before)
        assert forward["change"].tolist() == (-backward["change"]).tolist()


@QUICK
@given(typed_neurons(2, 4), typed_neurons(2, 4), st.permutations(range(3)))
def test_permuting_languages_permutes_the_rows(before, after, order):
    languages = LANGUAGES[:3]
    table = change(changes.by_language(languages, "en", ["ru"]), before, after)
    permuted = change(
        changes.by_language([languages[i] for i in order], "en", ["ru"]),
        *(Neurons(n.kind, n.active[..., order], n.selected) for n in (before, after)),
    )
    expected = table.set_index(["language", "type"]).loc[
        pd.MultiIndex.from_frame(permuted[["language", "type"]])
    ]
    pd.testing.assert_frame_equal(permuted.set_index(["language", "type"]), expected)


def test_a_change_whose_interval_leaves_out_0_is_one():
    # Totals change by −1, +1, +1, −1; ten folds give t = 2.262 at nine degrees of freedom.
    # sd of draws: (−1, −1) 0; (0, 2) √2, as is that of (1, −3); (1.2, 0.8) 0.2 √2 = 0.283.
    replicates = np.array([[-1, 0, 1.2, 1], [-1, 2, 0.8, -3]])
    table = changes.change_table(
        changes.in_total(), BEFORE, AFTER, np.zeros(4, int), replicates, units=Units(10, FOLDS)
    )
    assert table["changed"].tolist() == [True, False, True, False]
    np.testing.assert_allclose(table["change_low"][2], 1 - 2.26216 * 0.2 * 2**0.5, rtol=1e-5)
    np.testing.assert_allclose(table["change_high"][1], 1 + 2.26216 * 2**0.5, rtol=1e-5)
    few = changes.change_table(
        changes.in_total(), BEFORE, AFTER, np.zeros(4, int), replicates, units=Units(9, FOLDS)
    )
    assert few[["change_low", "change_high", "changed"]].isna().all(axis=None)


SHAPE = {"top_rate": 0.5, "threshold_quantile": 0.25, "lambda_": 0.0}
COUNTED = ("totals", "layers", "sharing", "phases", "languages", "groups")
NAMES = (*COUNTED, "overlap", "transitions", "language_draws")
UNCERTAINTY = {"replicates": 20, "seed": 0, "design_effect": 1}


def write_model(folder, probabilities: np.ndarray):
    folder.mkdir()
    counts, _, neurons, summary = write_case(folder, probabilities, **SHAPE)
    outputs = write_phase_artefacts(folder, neurons, summary, counts, 2, SHAPE)
    return counts, outputs["phases"]


def compare(first, second, phases, outputs, scale="common"):
    write_comparison(
        first,
        second,
        phases,
        outputs,
        languages=("en", "ru"),
        pivot="en",
        trained=["ru"],
        names=("base", "aligned"),
        method="ternary",
        parameters=SHAPE,
        scale=scale,
        uncertainty=UNCERTAINTY,
    )


@pytest.mark.parametrize("scale", SCALES)
def test_comparison_artefacts(tmp_path, scale):
    specific, general = one_layer((1, 0), (0, 1)), one_layer((1, 1), (0.5, 0.5))
    first, phases = write_model(tmp_path / "first", np.concatenate([specific, general]))
    second, _ = write_model(tmp_path / "second", np.concatenate([general, specific]))
    outputs = {name: tmp_path / f"{name}.parquet" for name in NAMES}
    compare(first, second, phases, outputs, scale)
    schemas = {
        **{name: getattr(changes, name.upper()) for name in COUNTED},
        **{name: getattr(positions, name.upper()) for name in NAMES[len(COUNTED) : -1]},
        "language_draws": changes.LANGUAGE_DRAWS,
    }
    tables = {name: read_table(outputs[name], schemas[name]) for name in NAMES}
    assert read_provenance(outputs["layers"])["before"] == "base"
    assert read_provenance(outputs["layers"])["scale"] == scale
    # Two specific neurons move from layer 0 to layer 1, two general ones the other way.
    assert tables["layers"]["change"].tolist() == [-2, 0, 2, 0, 2, 0, -2, 0]
    assert tables["phases"]["change"].tolist() == [-2, 0, 2, 0, 2, 0, -2, 0]
    assert read_phases(phases)["first_layer"].tolist() == [0, 1]
    for name in ("totals", "sharing", "languages", "groups"):
        assert not tables[name][["change", "refitting"]].any(axis=None)
    # One fold: tokens have an interval, here without a width, and decide nothing.
    assert tables["totals"]["change_low"].tolist() == [0] * 4
    assert tables["totals"]["changed"].isna().all()
    assert tables["overlap"]["n_both"].tolist() == [0, 0, 0, 0]
    moved = tables["transitions"].query("neurons > 0")
    assert moved[["type_before", "type_after", "neurons"]].to_numpy().tolist() == [
        ["specific", "general", 2],
        ["general", "specific", 2],
    ]


def test_the_ceiling_is_that_of_the_model_before(tmp_path):
    pair = one_layer((1, 0), (1, 1))
    models = [write_model(tmp_path / name, np.concatenate([pair, pair])) for name in "ab"]
    # The neurons of the model before change places between even and odd folds, in one layer of two.
    by_language = np.array([[1, 1], [0, 1]])  # a specific and a general neuron
    still = np.broadcast_to(by_language[:, None, None], (2, 10, 2, 2))  # (K, F, L, D)
    moving = still.copy()
    moving[:, ::2, 0] = moving[:, ::2, 0, ::-1]
    for (path, _), active in zip(models, (moving, still), strict=True):
        write_counts(Counts(active * 8, np.full((2, 10), 8), ("en", "ru")), path, {})
    outputs = {name: tmp_path / f"{name}.parquet" for name in NAMES}
    (first, phases), (second, _) = models
    compare(first, second, phases, outputs)
    table = read_table(outputs["overlap"], positions.OVERLAP).set_index("type")
    assert table["ceiling"]["specific"] == table["ceiling"]["general"] == 1 / 2
    compare(second, first, phases, outputs)
    table = read_table(outputs["overlap"], positions.OVERLAP).set_index("type")
    assert table["ceiling"]["specific"] == table["ceiling"]["general"] == 1


def test_models_of_different_shape_are_refused(tmp_path):
    pair = one_layer((1, 0), (1, 1))
    first, phases = write_model(tmp_path / "first", np.concatenate([pair, pair]))
    second, _ = write_model(tmp_path / "second", np.concatenate([pair, pair, pair]))
    with pytest.raises(InputError, match=r"3 layers × 2 neurons, expected 2 × 2 as in .*first/"):
        compare(first, second, phases, {})
