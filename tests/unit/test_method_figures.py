"""What figures and tables say of methods side by side."""

import numpy as np
import pandas as pd
import pytest
from figure_cases import artefact, draw, texts

from langneurons.comparison.methods import AGREEMENT, agreement
from langneurons.errors import InputError
from langneurons.figures.frame import render
from langneurons.figures.method_looks import looks_of
from langneurons.interventions.schemas import DOSES
from langneurons.neurons.table import NEURONS
from langneurons.tables import dose_effects, methods_overlap

LANGUAGES = ["en", "de"]


@pytest.fixture
def agreements(tmp_path):
    """Two methods, of which one has halves: 2 of 4 neurons in common in either language."""
    masks = np.zeros((2, 2, 1, 100), dtype=bool)
    masks[0, :, 0, :4] = masks[1, :, 0, 2:8] = True
    found = {"lape": masks[0], "activation_difference": masks[1]}
    table = agreement(found, {"lape": np.stack([masks[0], masks[0]])}, LANGUAGES)
    methods = list(found)
    return artefact(tmp_path / "agreement", table, AGREEMENT, methods=methods)


def test_the_map_has_both_measures_with_chance_and_frames_the_ceiling(agreements):
    figure = draw("methods_agreement", {"agreement": agreements})
    large = figure.axes[0]
    # 2 of 4, and of 8 in all; by chance 4 · 6 / 100 = 0.24 of 4, and of 9.76.
    assert texts(large) == ["100%\nJ 100%\n(4.0%)", "50%\n(6.0%)", "25%\n(2.5%)", "–"]
    names = [label.get_text() for label in large.get_yticklabels()]
    assert names == ["lape", "activation\ndifference"]
    assert len(large.patches) == 2
    small = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left") for axes in small] == ["English", "German"]
    assert texts(small[1]) == ["100", "50", "25", "–"]
    page = render("methods_agreement", {"agreement": agreements}, "x", {})
    assert "for: activation difference." in page.notes[-1]


def test_the_table_names_the_other_half_and_the_mean(agreements):
    table = methods_overlap.make(agreements)
    cells = methods_overlap.lay_out(table).cells
    assert cells["and"].tolist() == ["its other half"] * 3 + ["activation difference"] * 3
    assert cells["language"].tolist() == ["English", "German", "mean"] * 2
    row = cells.iloc[3]
    assert row["by chance [95 %]"] == "0.2 [0, 1]"
    assert row["ceilings"] == "100.0%, –"
    assert cells.iloc[5][["neurons", "both"]].tolist() == ["8", "4"]


def test_profiles_count_each_type_in_each_layer(tmp_path):
    rows = [(0, "specific"), (0, "other"), (1, "general"), (1, "specific"), (1, "specific")]
    table = pd.DataFrame(rows, columns=["layer", "type"]).assign(selected=True)
    table["languages"] = [[]] * len(table)
    paths = [artefact(tmp_path / name, table, NEURONS) for name in "ab"]
    figure = draw("method_profiles", {"neurons": paths}, {"methods": ["lape", "ternary"]})
    panels = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left") for axes in panels] == [
        "lape: 3 specific, 0 related", "ternary: 3 specific, 0 related",
    ]  # fmt: skip
    lines = [line.get_ydata().tolist() for line in panels[0].lines]
    assert lines == [[1, 2], [0, 1]]  # specific and general; there are no related ones


def doses(folder, rows, **facts):
    columns = ["method", "language", "size", "neurons", "languages", "own", "others", "random_own"]
    table = pd.DataFrame(rows, columns=columns).assign(problems=12)
    for name in ("own", "others", "random_own"):
        table[f"{name}_low"], table[f"{name}_high"] = table[name] - 0.02, table[name] + 0.02
    table["own_less_others"] = table["own"] - table["others"]
    table["own_less_others_low"] = table["own_less_others"] - 0.02
    table["own_less_random"] = table["own"] - table["random_own"]
    parameters = {
        "measured": ["en", "de"], "sizes": [4, 8], "control_seeds": 1, "control": "layer",
    }  # fmt: skip
    facts = {"languages": ["en", "de"], "margin": 0.05, "parameters": parameters, **facts}
    return artefact(folder / "doses", table, DOSES, methods=["lape", "ternary"], **facts)


ROWS = [
    ("lape", "en", 4, 4, 1, 0.10, 0.02, 0.01),
    ("lape", "en", 8, 8, 1, 0.30, 0.05, 0.03),
    ("lape", "de", 4, 3, 1, 0.06, 0.00, None),
    ("lape", None, 4, 4, 1, 0.10, 0.02, 0.01),
    ("lape", None, 8, 8, 1, 0.30, 0.05, 0.03),
    ("ternary", "en", 4, 4, 1, 0.20, 0.00, 0.02),
    ("ternary", "en", 8, 8, 1, 0.01, 0.00, 0.02),
]


def test_curves_stand_at_the_numbers_that_are_switched_off(tmp_path):
    page = render("dose_curves", {"doses": doses(tmp_path, ROWS)}, "x", {})
    panels = [axes for axes in page.figure.axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left") for axes in panels] == [
        "mean of 2 languages", "English", "German",
    ]  # fmt: skip
    german = [line for line in panels[2].lines if len(line.get_xdata()) == 1]
    assert [line.get_ydata().tolist() for line in german] == [[0.0], [0.06]]  # others, own
    assert german[0].get_xdata()[0] == pytest.approx(3 / 1.09)
    own = [line for line in panels[1].lines if list(line.get_ydata()) == [0.1, 0.3]]
    assert own[0].get_color() == looks_of(["lape", "ternary"])["lape"].colour
    # The mean is over one language of two.
    assert texts(panels[0]) == ["1", "1"]
    notes = " ".join(page.notes)
    assert "n = 12 problems" in notes
    assert "A line that ends before the last number" in notes
    assert "Small numbers" in notes


def test_the_band_reaches_over_the_intervals_of_all_controls(tmp_path):
    figure = draw("dose_curves", {"doses": doses(tmp_path, ROWS)})
    english = next(axes for axes in figure.axes if axes.get_title(loc="left") == "English")
    (band,) = [one for one in english.collections if len(one.get_facecolor())]
    heights = band.get_paths()[0].vertices
    at_four = heights[heights[:, 0] == 4][:, 1]
    assert at_four.min() == pytest.approx(-0.01)
    assert at_four.max() == pytest.approx(0.04)


def test_without_neurons_there_is_no_figure(tmp_path):
    with pytest.raises(InputError, match="no method has neurons of any of the languages"):
        render("dose_curves", {"doses": doses(tmp_path, [])}, "x", {})


def test_effects_are_per_neuron_and_less_what_random_ones_do(tmp_path):
    path = doses(tmp_path, ROWS)
    table = dose_effects.make(path)
    cells = dose_effects.lay_out(table, path).cells.set_index(["method", "language"])
    # 0.09 / 4 and 0.27 / 8 nats in thousandths; three neurons of German, without a control.
    assert cells.loc[("lape", "English"), ["4", "8"]].tolist() == ["+22.5", "+33.8"]
    assert cells.loc[("lape", "German"), ["4", "8"]].tolist() == ["+20.0*", "–"]
    # 0.08 − 0.02 and 0.25 − 0.02 are above the margin.
    assert cells.loc[("lape", "English"), ["own > others", "surely"]].tolist() == ["4", "4"]
    # 0.06 is, 0.04 is not.
    assert cells.loc[("lape", "German"), ["own > others", "surely"]].tolist() == ["3", "–"]
    # Of ternary the larger number is no longer above it.
    assert cells.loc[("ternary", "English"), ["own > others", "surely"]].tolist() == ["–", "–"]
