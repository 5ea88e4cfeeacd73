"""First neurons switched off by each method's rank, on a tiny model."""

import numpy as np
import pandas as pd
import pytest
from deactivation_cases import LANGUAGES, QUESTIONS, D, L, tiny_case

from langneurons.activations.counts import Counts, write_counts, write_probabilities
from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.errors import InputError
from langneurons.interventions.dose_cells import Dose, dose_cells
from langneurons.interventions.doses import measure_doses
from langneurons.interventions.matching import Controls
from langneurons.interventions.merging import merge_doses
from langneurons.interventions.schemas import DOSE_PROBLEMS
from langneurons.models.likelihood import Likelihood
from langneurons.models.loading import load_model, load_tokenizer
from langneurons.models.mlps import find_mlps
from langneurons.neurons.sets import ranked_neurons, selected_neurons
from langneurons.neurons.table import NEURONS

PARAMETERS = {
    "languages": ["en", "de"],
    "measured": LANGUAGES,
    "sizes": [1, 2, 4],
    "control": "layer",
    "control_seeds": 1,
    "texts": "prompt",
    "problems": 3,
}
#: Method → (layer, neuron) → score and languages of its selected neurons. Both rank the same neuron
#: of English first.
SELECTED = {
    "first": {(0, 3): (-9.0, ["en"]), (1, 5): (-8.0, ["en", "de"]), (1, 1): (-7.0, ["en"])},
    "second": {(0, 3): (-2.0, ["en"]), (1, 1): (-1.0, ["en"]), (0, 7): (-3.0, ["de"])},
}


def write_method(path, selected):
    rows = [(layer, neuron) for layer in range(L) for neuron in range(D)]
    found = [selected.get(row, (0.0, [])) for row in rows]
    table = pd.DataFrame(rows, columns=["layer", "neuron"]).assign(
        score=[score for score, _ in found],
        languages=[names for _, names in found],
        n_languages=[len(names) for _, names in found],
        selected=[row in selected for row in rows],
        # As if there were a third language, which has none.
        type=[("other", "specific", "related")[len(names)] for _, names in found],
        max_probability=0.5,
    )
    write_table(table, path, NEURONS)


def flat(*places):
    return [layer * D + neuron for layer, neuron in places]


def test_neurons_are_ranked_by_score_the_earlier_first(tmp_path):
    tied = {(1, 0): (-1.0, ["en"]), (0, 2): (-1.0, ["en"]), (1, 4): (-2.0, ["en"])}
    write_method(tmp_path / "neurons", tied)
    ranked = ranked_neurons(tmp_path / "neurons", (L, D), LANGUAGES)
    assert ranked["en"].tolist() == flat((1, 4), (0, 2), (1, 0))
    assert ranked["de"].tolist() == []
    with pytest.raises(InputError, match="neurons of another model"):
        ranked_neurons(tmp_path / "neurons", (L, D + 1), LANGUAGES)


def cells(ranked, sizes, seeds=0):
    ranked = {
        method: {language: np.array(order, dtype=int) for language, order in found.items()}
        for method, found in ranked.items()
    }
    return dose_cells(ranked, (L, D), sizes, seeds, Controls(np.zeros((L, D), bool)))


def test_neurons_of_all_languages_are_of_none(tmp_path):
    write_method(tmp_path / "neurons", {(0, 2): (-1.0, ["en"]), (1, 4): (-2.0, ["en", "de"])})
    table = read_table(tmp_path / "neurons", NEURONS)
    table.loc[table["n_languages"] == 2, "type"] = "general"
    write_table(table, tmp_path / "neurons", NEURONS)
    ranked = ranked_neurons(tmp_path / "neurons", (L, D), LANGUAGES)
    assert (ranked["en"].tolist(), ranked["de"].tolist()) == (flat((0, 2)), [])
    # But no control is drawn of them.
    assert selected_neurons(tmp_path / "neurons", (L, D), LANGUAGES).sum() == 2


def test_sizes_end_where_a_language_has_no_more_neurons(caplog):
    none, *found = cells({"m": {"en": [5, 3, 9], "de": [], "sw": [1, 2]}}, [4, 1, 2, 8])
    assert not none.neurons.any()
    assert not none.doses
    held = {
        (dose.language, dose.size): np.flatnonzero(cell.neurons).tolist()
        for cell in found
        for dose in cell.doses
    }
    assert held == {
        ("en", 1): [5],
        ("en", 2): [3, 5],
        ("en", 4): [3, 5, 9],  # all that there are, and nothing at 8
        ("sw", 1): [1],
        ("sw", 2): [1, 2],
    }
    messages = " / ".join(record.getMessage() for record in caplog.records)
    assert "m has 3 neurons of en, fewer than 8: all of them are switched off at most" in messages
    assert "m has 0 neurons of de, fewer than 8: nothing is switched off" in messages


def test_methods_share_a_cell_and_its_controls_where_they_rank_the_same_neurons_first():
    ranked = {"a": {"en": [5, 3, 9]}, "b": {"en": [3, 5, 8]}}
    _, *found = cells(ranked, [1, 2], seeds=1)
    doses = [cell.doses for cell in found]
    both = [Dose("a", "en", 2, None), Dose("b", "en", 2, None)]
    assert both in doses
    assert [Dose("a", "en", 2, 0), Dose("b", "en", 2, 0)] in doses
    assert [Dose("a", "en", 1, None)] in doses
    for cell in found:
        assert cell.neurons.sum() == cell.doses[0].size
    sizes = {cell.neurons.tobytes() for cell in found}
    assert len(sizes) == len(found)


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """Arguments of `measure_doses` but for output and parameters."""
    folder = tmp_path_factory.mktemp("doses")
    arguments = tiny_case(folder)
    del arguments["neurons_path"], arguments["batch_size"]
    for method, selected in SELECTED.items():
        write_method(folder / method, selected)
    paths = [folder / method for method in SELECTED]
    return {**arguments, "neurons_paths": paths, "methods": list(SELECTED)}


def run(case, folder, shares=1, **changes):
    paths = [folder / f"{index}-of-{shares}.parquet" for index in range(1, shares + 1)]
    for index, path in enumerate(paths, start=1):
        arguments = {**case, "parameters": PARAMETERS, "share": (index, shares), **changes}
        measure_doses(output=path, **arguments)
    merge_doses(paths, folder / "problems", case["methods"], LANGUAGES)
    return read_table(folder / "problems", DOSE_PROBLEMS)


@pytest.fixture(scope="module")
def problems(case, tmp_path_factory):
    return run(case, tmp_path_factory.mktemp("whole"))


def nll_without(case, places, target):
    """NLL by problem of a model without these columns of its down projections."""
    model, tokenizer = load_model(case["spec"]), load_tokenizer(case["spec"])
    mlps = find_mlps(model)
    for layer, neuron in places:
        mlps[layer].down.weight[:, neuron] = 0
    ids = [tokenizer(f"{question} ")["input_ids"] for question in QUESTIONS[target]]
    tokens = pd.DataFrame({"prompt_tokens": [x[:1] for x in ids]})
    tokens["response_tokens"] = [x[1:] for x in ids]
    return Likelihood(model, tokens, 100).mean_nll()


@pytest.mark.parametrize(
    ("method", "language", "size", "places"),
    [
        ("first", "en", 1, [(0, 3)]),
        ("first", "en", 2, [(0, 3), (1, 5)]),
        ("first", "en", 4, [(0, 3), (1, 5), (1, 1)]),
        ("first", "de", 1, [(1, 5)]),
        ("second", "en", 1, [(0, 3)]),
        ("second", "en", 2, [(0, 3), (1, 1)]),
        ("second", "de", 1, [(0, 7)]),
    ],
)
def test_measures_are_those_of_edited_weights(case, problems, method, language, size, places):
    rows = problems[problems["control_seed"].isna()]
    rows = rows[(rows["method"] == method) & (rows["language"] == language)]
    rows = rows[rows["size"] == size]
    assert set(rows["neurons"]) == {len(places)}
    for target in LANGUAGES:
        found = rows.loc[rows["target"] == target, "nll"]
        np.testing.assert_allclose(found, nll_without(case, places, target), rtol=1e-6)


def test_rows_are_of_no_neurons_then_of_each_method_language_and_size(problems):
    none = problems["method"].isna()
    assert none.sum() == 6
    assert none[:6].all()
    rest = problems[~none]
    keys = rest.drop_duplicates(["method", "language", "size", "control_seed"])
    found = [(row.method, row.language, row.size) for row in keys.itertuples()]
    # The neurons themselves, then one control; 3 neurons of English are all that "first" has.
    expected = [
        *[("first", "en", size) for size in (1, 2, 4)],
        ("first", "de", 1),
        *[("second", "en", size) for size in (1, 2)],
        ("second", "de", 1),
    ]
    assert found == [one for one in expected for _ in range(2)]
    assert rest["nll"].notna().all()


def test_fewer_languages_are_measured_alike(case, problems, tmp_path):
    one = {**PARAMETERS, "languages": ["en"], "measured": ["en"]}
    found = run(case, tmp_path, parameters=one)
    kept = problems["target"].eq("en") & problems["language"].ne("de")
    pd.testing.assert_frame_equal(found, problems[kept].reset_index(drop=True))


def test_shares_and_kept_cells_give_the_same_table(case, problems, tmp_path, monkeypatch):
    pd.testing.assert_frame_equal(run(case, tmp_path, shares=3), problems)
    (tmp_path / "again").mkdir()
    path = tmp_path / "again/1-of-1.parquet"
    arguments = {**case, "parameters": PARAMETERS, "output": path}
    measure_doses(**arguments)
    written = read_table(path, DOSE_PROBLEMS)
    path.unlink()
    monkeypatch.setattr("langneurons.interventions.bench.load_model", None)  # nothing is measured
    measure_doses(**arguments)
    pd.testing.assert_frame_equal(read_table(path, DOSE_PROBLEMS), written)
    assert read_provenance(path)["available"] == {
        "first": {"en": 3, "de": 1}, "second": {"en": 2, "de": 1},
    }  # fmt: skip


def test_controls_are_never_language_neurons_of_any_method(case, tmp_path):
    measure_doses(output=tmp_path / "x", **case, parameters={**PARAMETERS, "control_seeds": 3})
    controls = read_provenance(tmp_path / "x")["controls"]
    assert len(controls) == 3 * 7
    assert all(control["repeated"] == 0 for control in controls)


def test_probabilities_of_another_model_are_refused_before_it_is_loaded(
    case, tmp_path, monkeypatch
):
    monkeypatch.setattr("langneurons.interventions.bench.load_model", None)
    counts = Counts(np.ones((2, 1, L, 5), int), np.full((2, 1), 8), tuple(LANGUAGES))
    write_counts(counts, tmp_path / "counts", {})
    write_probabilities(tmp_path / "counts", tmp_path / "p", LANGUAGES)
    with pytest.raises(InputError, match="probabilities of another model"):
        measure_doses(
            output=tmp_path / "x", **case, probabilities_path=tmp_path / "p",
            parameters={**PARAMETERS, "control": "activity"},
        )  # fmt: skip
