"""Is a change the alignment's? Its changes against its controls', over seeds (METHOD 10)."""

import numpy as np
import pandas as pd
import pytest
from figure_cases import artefact, two_phases

from langneurons.artifacts.tables import read_table
from langneurons.comparison import changes
from langneurons.comparison.attribution import (
    ATTRIBUTION,
    TABLES,
    attribute,
    verdict,
    write_attribution,
)
from langneurons.figures.frame import render
from langneurons.tables import attribution as attribution_table
from langneurons.uncertainty.resampling import mean_interval


def numbers(*change, before=100):
    return pd.DataFrame(
        {
            "quantity": "total",
            "place": None,
            "type": ["specific", "related"],
            "before": before,
            "change": change,
        }
    )


def test_the_mean_interval_is_students():
    # Mean 2, sd 1, three values: t = 4.3027 at two degrees of freedom, / √3.
    low, high = mean_interval(np.array([1.0, 2.0, 3.0]))
    assert (low, high) == pytest.approx((2 - 4.30265 / 3**0.5, 2 + 4.30265 / 3**0.5), rel=1e-5)
    assert np.isnan(mean_interval(np.array([1.0, 2.0]))).all()


def test_an_interval_can_be_given_a_least_width():
    values = np.array([[2.0, 1.0], [2.0, 2.0], [2.0, 3.0]])
    low, high = mean_interval(values, least=1.5)
    half = 4.30265 / 3**0.5  # 2.48 is more than that
    assert low == pytest.approx([0.5, 2 - half], rel=1e-5)
    assert high == pytest.approx([3.5, 2 + half], rel=1e-5)


@pytest.mark.parametrize(
    ("difference", "before", "expected"),
    [
        (1, 10, "inconclusive"),  # from 0 to 2
        (-2, 10, "yes"),  # from −3 to −1, and one neuron counts
        (4, 80, "yes"),  # from 3 to 5, and four count
        (0, 10, "no"),  # from −1 to 1, and more than one would count
        (3, 100, "no"),  # from 2 to 4, and more than five would
    ],
)
def test_seeds_that_agree_are_sure_to_one_neuron(difference, before, expected):
    aligned = [numbers(difference, 0, before=before)] * 3
    row = attribute(aligned, [numbers(0, 0, before=before)] * 3, margin=0.05).iloc[0]
    ends = [row["difference_low"], row["difference_high"]]
    assert ends == [difference - 1, difference + 1]
    assert row["due_to_alignment"] == expected


def test_differences_are_taken_seed_by_seed():
    aligned = [numbers(-10, 0), numbers(-20, 6), numbers(-30, 0)]
    shuffled = [numbers(0, 1), numbers(-9, 2), numbers(-21, 3)]
    table = attribute(aligned, shuffled, margin=0.05)
    specific, related = table.iloc[0], table.iloc[1]
    # −10 − 0, −20 + 9, −30 + 21 = −10, −11, −9: mean −10, sd 1; half 4.30265 / √3 = 2.484.
    assert specific["change"] == -20
    assert specific["control_change"] == -10
    assert specific["changes"].tolist() == [-10, -20, -30]
    assert specific["difference"] == -10
    ends = specific[["difference_low", "difference_high"]].tolist()
    assert ends == pytest.approx([-12.484, -7.516], abs=1e-3)
    assert specific["margin"] == 5
    assert specific["due_to_alignment"] == "yes"
    # −1, 4, −3: mean 0, sd √13, half 8.957, wider than the margin of 5.
    assert related["difference"] == 0
    assert related["due_to_alignment"] == "inconclusive"


@pytest.mark.parametrize(
    ("difference", "low", "high", "margin", "seeds", "expected"),
    [
        (8, 6, 10, 5, 3, "yes"),
        (-8, -10, -6, 5, 3, "yes"),
        (3, 2, 4, 5, 3, "no"),  # it differs, by less than counts
        (0, -4, 4, 5, 3, "no"),
        (0, -5, 5, 5, 3, "no"),  # no more than counts
        (3, 1, 6, 5, 3, "inconclusive"),
        (8, -1, 17, 5, 3, "inconclusive"),
        (8, np.nan, np.nan, 5, 1, "inconclusive: one seed"),
        (8, np.nan, np.nan, 5, 2, "inconclusive: 2 seeds"),
    ],
)
def test_verdicts(difference, low, high, margin, seeds, expected):
    assert verdict(difference, low, high, margin, seeds) == expected


def test_one_neuron_counts_where_there_were_none():
    one, other = numbers(4, 0, before=0), numbers(0, 0, before=0)
    assert attribute([one], [other], margin=0.05)["margin"].tolist() == [1, 1]


SCHEMAS = {name: getattr(changes, name.upper()) for name in TABLES}
KINDS = ["specific", "related", "general"]


def comparison(folder, model, control, shift):
    """Write the tables of a comparison of three layers, ``shift`` neurons a row."""
    frames = {
        "totals": pd.DataFrame({"type": KINDS, "change": 3 * shift}),
        "layers": pd.DataFrame({"layer": np.repeat([0, 1, 2], 3), "type": KINDS * 3}),
        "phases": pd.DataFrame({"phase": [1, 1, 1], "name": "a", "type": KINDS}),
        "sharing": pd.DataFrame({"population": ["all", "selected"], "n_languages": [1, 1]}),
        "languages": pd.DataFrame({"language": ["en", "sw"], "type": "specific"}),
    }
    facts = {"before": "base", "after": model, "control": control, "scale": "common"}
    paths = {}
    for name, frame in frames.items():
        frame = frame if "change" in frame else frame.assign(change=shift)
        frame = frame.assign(before=100)
        paths[name] = artefact(folder / f"{model}.{name}", frame, SCHEMAS[name], **facts)
    return paths


def write(folder, seeds):
    made = [
        comparison(folder, f"{name}-seed{seed}", control, shift + seed)
        for name, control, shift in (
            ("aligned", None, -12),
            ("shuffled", "shuffled", -2),
            ("bare", "target_only", -12),
        )
        for seed in range(seeds)
    ]
    tables = {name: [paths[name] for paths in made] for name in TABLES}
    path = folder / f"{seeds}.attribution"
    write_attribution(tables, path, "aligned", ["shuffled", "bare"], seeds, margin=0.05)
    return path


def test_every_number_is_set_against_every_control(tmp_path):
    table = read_table(write(tmp_path, 3), ATTRIBUTION)
    assert table["control"].unique().tolist() == ["shuffled", "bare"]
    one = table[table["control"] == "shuffled"]
    assert one["quantity"].unique().tolist() == [
        "total",
        "layer",
        "phase",
        "sharing of all",
        "sharing of selected",
        "language",
    ]
    layers = one[one["quantity"] == "layer"]
    assert layers["place"].tolist() == ["0"] * 3 + ["1"] * 3 + ["2"] * 3
    # Seeds shift both alike: the difference is −10 a row in each, −30 in all.
    assert layers["difference"].tolist() == [-10] * 9
    assert (layers["due_to_alignment"] == "yes").all()
    assert one.loc[one["quantity"] == "total", "difference"].tolist() == [-30] * 3
    bare = table[table["control"] == "bare"]
    assert (bare["difference"] == 0).all()
    assert (bare["due_to_alignment"] == "no").all()


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_figure_has_a_panel_a_type_with_all_seeds(tmp_path, seeds):
    path = write(tmp_path, seeds)
    inputs = {"attribution": path, "phases": two_phases(tmp_path, None, None)}
    page = render("due_to_alignment", inputs, "base → aligned", {})
    specific = page.figure.axes[0]
    means = [line.get_ydata().tolist() for line in specific.lines if line.get_label()[0] != "_"]
    shift = (seeds - 1) / 2
    assert means == [[value + shift] * 3 for value in (-12, -2, -12)]
    dots = [line for line in specific.lines if line.get_marker() in "oDv"]
    assert len(dots) == 3 * seeds
    assert dots[0].get_ydata().tolist() == [-12] * 3
    said = " ".join(page.notes)
    expected = "yes" if seeds == 3 else "inconclusive: one seed"
    assert f"({expected}); related" in said


def test_the_table_writes_differences_with_intervals(tmp_path):
    path = write(tmp_path, 3)
    table = attribution_table.make(path)
    layout = attribution_table.lay_out(table, path)
    first = layout.cells.iloc[0]
    assert first["neurons"] == "all"
    assert first["Δ alignment"] == "−33.0"
    assert first["difference [95 %]"] == "−30.0 [−31.0, −29.0]"
    assert "layer" not in set(layout.cells["neurons"])
    assert layout.cells["neurons"].tolist()[:5] == ["all"] * 3 + ["phase 1"] * 2
    assert "Swahili" in set(layout.cells["neurons"])
