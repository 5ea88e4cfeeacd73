"""Numbers of neurons under other settings: worked by hand, planned, drawn, laid out."""

import numpy as np
import pandas as pd
import pytest
from core_cases import LANGUAGES, one_layer, write_case
from experiment_cases import experiment, selection
from figure_cases import artefact, draw, summaries

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.experiment import per
from langneurons.figures.style import COLUMN, TEXT
from langneurons.neurons.methods.declaration import Method, Parameter
from langneurons.neurons.sensitivity import SENSITIVITY, sensitivity, write_sensitivity
from langneurons.tables import sensitivity_of_counts

# As in test_ternary: s_A = 1 − λ · 18/11 and s_B = 0.946395 − λ · 9/11, so that A, which is active
# for all, comes first from λ = 0.065518 on; the bisection ends at 0.06484375.
A, B = (1, 1, 1), (0.5, 0.25, 0.25)
FOUND = 0.06484375
NO_BOUND = 0.2 * 2**26
SEARCHED = {"top_rate": 0.5, "threshold_quantile": 1 / 3, "lambda_": None}
VALUES = {"top_rate": [1.0], "threshold_quantile": [1.0], "lambda_": [0.0, 0.1, None]}
COUNTS = ["specific", "related", "general", "selected", "belonging"]


def vary(*rows, parameters, values, multiples=None, method="ternary"):
    return sensitivity(one_layer(*rows), method, parameters, values, multiples or {})


def test_one_setting_varies_and_lambda_is_searched_for_anew():
    found = vary(A, B, parameters=SEARCHED, values=VALUES, multiples={"lambda_": [0.5]})
    # Both selected: A is at any λ, so λ is 0. τ = 1: no neuron is active for any language, so
    # that no λ selects one that is active for all.
    assert found[["parameter", "value", "configured", "lambda"]].to_numpy(na_value=-1).tolist() == [
        ["top_rate", 0.5, True, FOUND],
        ["top_rate", 1.0, False, 0.0],
        ["threshold_quantile", 1 / 3, True, FOUND],
        ["threshold_quantile", 1.0, False, NO_BOUND],
        ["lambda", 0.0, False, 0.0],
        ["lambda", FOUND / 2, False, FOUND / 2],
        ["lambda", 0.1, False, 0.1],
        ["lambda", -1, True, FOUND],
    ]
    assert found["threshold"].tolist() == [0.25, 0.25, 0.25, 1, 0.25, 0.25, 0.25, 0.25]
    unbounded = [False, False, False, True, None, None, None, False]
    assert found["lambda_unbounded"].tolist() == unbounded
    # B, with N = 1, is specific while it is selected; A, with N = 3, is general, selected or not.
    assert found[COUNTS].to_numpy().tolist() == [
        [1, 0, 1, 1, 1],
        [1, 0, 1, 2, 2],
        [1, 0, 1, 1, 1],
        [0, 0, 0, 1, 0],
        [1, 0, 1, 1, 1],
        [1, 0, 1, 1, 1],
        [0, 0, 1, 1, 1],
        [1, 0, 1, 1, 1],
    ]


def test_a_configured_lambda_is_held_and_set_against_the_one_searched_for():
    # C = (1/2, 1/2, 0), N = 2, has H / ln 3 = ln 2 / ln 3 = 0.631, before B. At λ = 0.1:
    # s_C = 0.631 − 0.1 · 9/11 = 0.549, s_A = 1 − 0.1 · 18/11 = 0.836, s_B = 0.865; A is second.
    parameters = {"top_rate": 2 / 3, "threshold_quantile": 1 / 3, "lambda_": 0.1}
    values = {"top_rate": [1 / 3, 2 / 3], "lambda_": [0.0, None]}
    found = vary(A, B, (0.5, 0.5, 0), parameters=parameters, values=values)
    assert found["lambda"].tolist() == [0.1, 0.1, 0, 0.1, FOUND]
    assert found["configured"].tolist() == [False, True, False, True, False]
    assert found[COUNTS].to_numpy().tolist() == [
        [0, 1, 1, 1, 1],
        [0, 1, 1, 2, 2],
        [1, 1, 1, 2, 2],
        [0, 1, 1, 2, 2],
        [1, 1, 1, 2, 2],
    ]


def test_values_that_coincide_are_one_row():
    parameters = {"top_rate": 0.5, "threshold_quantile": 1 / 3, "lambda_": 0}
    values = {"lambda_": [0.0, None]}
    found = vary(A, B, parameters=parameters, values=values, multiples={"lambda_": [0.5]})
    assert found["configured"].tolist() == [True, False]


def test_a_method_without_lambda_has_none(tmp_path):
    # LAPE, half of A and B: by entropy B, with N = 1.
    parameters = {"top_rate": 0.5, "threshold_quantile": 1 / 3}
    paths = write_case(tmp_path, one_layer(A, B), "lape", **parameters)
    output = tmp_path / "sensitivity"
    write_sensitivity(paths[1], output, "lape", parameters, {"top_rate": [1.0]}, {}, LANGUAGES[:3])
    table = read_table(output, SENSITIVITY)
    assert table[["lambda", "lambda_unbounded"]].isna().all(axis=None)
    assert table[["value", *COUNTS]].to_numpy().tolist() == [[0.5, 1, 0, 1, 1, 1],
                                                             [1.0, 1, 0, 1, 2, 2]]  # fmt: skip
    facts = read_provenance(output)
    assert (facts["method"], facts["parameters"]) == ("lape", parameters)


def test_the_rule_gets_what_the_method_declares():
    found = experiment().settings("vary_settings")(selection())
    assert found["parameters"] == {"top_rate": 0.01, "threshold_quantile": 0.95, "lambda_": None}
    assert found["values"] == {
        "top_rate": [0.005, 0.01, 0.02],
        "threshold_quantile": [0.9, 0.95, 0.97],
        "lambda_": [0.0, None],
    }
    assert found["multiples"] == {"top_rate": [], "threshold_quantile": [], "lambda_": [0.5]}
    assert found["languages"] == ["en", "de", "sw"]
    of_lape = experiment().settings("vary_settings")(selection(method="lape"))
    assert of_lape["values"].keys() == {"top_rate", "threshold_quantile"}


def test_each_selection_has_the_artefact_the_figure_and_the_table():
    targets = experiment().targets
    place = "base/sums/lape"
    assert f"results/sensitivity/{place}.parquet" in targets["sensitivity"]
    assert f"results/figures/sensitivity/{place}.png" in targets["sensitivity"]
    assert f"results/tables/sensitivity_of_counts/{place}.csv" in targets["tables"]
    assert set(targets["sensitivity"]) <= set(targets["all"])


def test_a_method_that_declares_nothing_to_vary_has_none(monkeypatch):
    fixed = Method("Fixed", {"top_rate": Parameter(0.1, "share")}, related=True)
    scaled = Method("Scaled", {"top_rate": Parameter(0.1, "share", varied_by=(2,))}, related=True)
    monkeypatch.setattr(per, "methods", lambda: {"ternary": fixed, "lape": scaled})
    keys = per.PER["varied selection"].keys_of(experiment())
    assert {one["method"] for one in keys} == {"lape"}


@pytest.fixture
def files(tmp_path):
    """Two settings of one model; λ is searched for."""
    rows = [
        ("top_rate", 0.005, False, 0.5, 0.1625, False, 10, 8, 70, 20, 18),
        ("top_rate", 0.01, True, 0.5, NO_BOUND, True, 18, 13, 70, 40, 31),
        ("lambda", 0.0, False, 0.5, 0.0, None, 4, 0, 70, 40, 4),
        ("lambda", None, True, 0.5, 0.125, False, 18, 13, 70, 40, 31),
    ]
    table = pd.DataFrame(rows, columns=SENSITIVITY.names)
    return {
        "sensitivity": artefact(tmp_path / "sensitivity", table, SENSITIVITY, method="ternary"),
        "summary": summaries(tmp_path, {"layers": 2, "neurons_per_layer": 2000})[0],
    }


def test_the_figure_has_a_panel_a_setting_and_a_line_a_type(files):
    figure = draw("sensitivity", files)
    above, _, rate, weight = figure.axes
    assert [axes.get_xlabel() for axes in (rate, weight)] == ["top_rate", "lambda"]
    drawn = [[line.get_ydata().tolist() for line in axes.lines] for axes in (rate, weight)]
    assert drawn == [[[10, 18], [8, 13], [70, 70]], [[4, 18], [0, 13], [70, 70]]]
    ticks = [[one.get_text() for one in axes.get_xticklabels()] for axes in (rate, weight)]
    assert ticks == [
        ["0.005\nλ\u00a00.163", "0.01\nλ\u00a0no bound"],
        ["0", "auto\nλ\u00a00.125"],
    ]
    shaded = [axes.patches[0].get_bbox().intervalx.tolist() for axes in (rate, weight)]
    np.testing.assert_allclose(shaded, [[0.6, 1.4], [0.6, 1.4]])
    names = [text.get_text() for text in above.get_legend().get_texts()]
    assert names == ["specific", "related", "general"]
    # Both panels have one scale: 18 and 70 are as high on either.
    assert rate.get_ylim() == weight.get_ylim()
    assert COLUMN < figure.get_figwidth() < TEXT


def test_the_table_marks_what_is_configured(files):
    table = sensitivity_of_counts.make(files["sensitivity"])
    assert table.columns.tolist() == SENSITIVITY.names
    layout = sensitivity_of_counts.lay_out(table, files["sensitivity"])
    assert layout.cells.to_numpy().tolist() == [
        ["top_rate", "0.005", "0.5", "0.1625", "10", "8", "70", "20", "18"],
        ["top_rate", "• 0.01", "0.5", "no bound", "18", "13", "70", "40", "31"],
        ["lambda", "0", "0.5", "0", "4", "0", "70", "40", "4"],
        ["lambda", "• auto", "0.5", "0.125", "18", "13", "70", "40", "31"],
    ]
    assert layout.notes[0].startswith("Method ternary. One setting is varied at a time")
