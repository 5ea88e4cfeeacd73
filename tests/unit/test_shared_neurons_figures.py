"""The figures and the table of shared neurons, and the shares that they show."""

import numpy as np
import pandas as pd
import pytest
from figure_cases import draw
from matplotlib.colors import to_hex
from sharing_cases import LANGUAGES, deactivation, few, sharing

from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.sharing.changes import changes_of_classes
from langneurons.sharing.classes import CLASSES
from langneurons.sharing.schemas import CLASS_CHANGES, SHARING, SHARING_LAYERS
from langneurons.sharing.summary import by_layer, summarise_sharing
from langneurons.tables.sharing_shares import lay_out, make

FACTS = {"languages": LANGUAGES, "parameters": {"read": "prompt", "control_seeds": 2}}


def layers(folder, table, name="sums", **facts):
    write_table(table, folder / "problems", SHARING, {**FACTS, **facts})
    output = folder / f"{name}.layers"
    summarise_sharing(folder / "problems", output, name, {"replicates": 50, "seed": 0})
    return output


def test_shares_are_means_over_problems():
    table = sharing([(0.5, 0.3, 0.2, 0.0), (0.1, 0.3, 0.2, 0.4)], layers=2)
    table.loc[(table["problem"] == "p0") & (table["layer"] == 1), "contribution"] *= 3
    found = by_layer(table, 20, 0)
    first = found[found["layer"] == 0].set_index("class")
    assert first["share"].loc[list(CLASSES)].tolist() == pytest.approx([0.3, 0.3, 0.2, 0.2])
    # Each problem's share of its own contributions: 0.5 and 0.1 of 1, in either layer.
    assert first.loc["all-shared", "contribution"] == pytest.approx(0.3)
    whole = found[found["layer"].isna()].set_index("class")
    assert whole.loc["all-shared", "share"] == pytest.approx(0.3)
    assert whole.loc["all-shared", "effective"] == pytest.approx(2 * (0.4 + 0.0) / 2)
    assert found["share_low"].isna().all()  # two problems


def test_intervals_are_over_problems():
    found = by_layer(few(0.2, problems=12, spread=0.05), 500, 0)
    row = found[(found["layer"] == 1) & (found["class"] == "all-shared")].iloc[0]
    # Means of 12 that are 0.05 off either way, t(11) = 2.201.
    half = 2.201 * 0.05 / np.sqrt(12)
    assert row["share_high"] - row["share"] == pytest.approx(half, rel=0.12)
    assert row["share"] - row["share_low"] == pytest.approx(row["share_high"] - row["share"])


def test_layers_of_several_data_sets_are_side_by_side(tmp_path):
    paths = [
        layers(tmp_path, few(0.2), "sums"),
        layers(tmp_path, few(0.4, problems=5), "tales", parameters={"read": "text"}),
    ]
    assert read_provenance(paths[1])["dataset"] == "tales"
    figure = draw("sharing_layers", {"layers": paths})
    above, panels = figure.axes[0], figure.axes[2:]
    assert [axes.get_title(loc="left") for axes in panels[:2]] == ["sums", "tales"]
    lines = {line.get_label(): line for line in panels[1].lines}
    assert list(lines) == list(CLASSES)
    np.testing.assert_allclose(lines["all-shared"].get_ydata(), [0.404, 0.404])
    assert to_hex(lines["specific"].get_color()) == "#0072b2"
    assert len(panels[0].collections) == 4  # bands of twelve problems, none of five
    assert len(panels[1].collections) == 0
    legend = above.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == list(CLASSES)
    said = figure.get_supxlabel().replace("\n", " ")
    assert "last token of the prompt or, where there is none, of the text" in said
    assert "12 (sums), 5 (tales)" in said


def test_harm_is_drawn_by_class_and_language(tmp_path):
    table = deactivation({"all-shared": 2.0, "specific": 0.5}, control=0.25)
    path = tmp_path / "changes"
    write_table(changes_of_classes(table, LANGUAGES, 50, 0), path, CLASS_CHANGES, FACTS)
    figure = draw("sharing_harm", {"changes": path})
    panels = figure.axes[1:]
    titles = [axes.get_title(loc="left") for axes in panels]
    assert titles == ["all neurons of the class", "as many neurons of each class"]
    for axes in panels:
        assert [text.get_text() for text in axes.texts] == ["all-shared (7)", "specific (7)"]
        dots = [line for line in axes.lines if line.get_marker() not in ("", "None")]
        np.testing.assert_allclose(dots[0].get_ydata(), [1, 2, 3])
        assert [label.get_text() for label in axes.get_xticklabels()] == LANGUAGES * 2
    said = figure.get_supxlabel().replace("\n", " ")
    assert "en English, de German, sw Swahili" in said
    assert "n\u00a0=\u00a012" in said


def test_the_table_has_overall_shares(tmp_path):
    paths = [
        layers(tmp_path, few(0.2), "sums"),
        layers(tmp_path, few(0.4, problems=5).assign(effective=None), "tales"),
    ]
    table = make(paths)
    assert list(table["dataset"]) == ["sums"] * 4 + ["tales"] * 4
    assert "layer" not in table
    assert table["share"][0] == pytest.approx(0.2)
    layout = lay_out(table, paths)
    assert layout.cells["class"].tolist() == [*CLASSES] * 2
    first = layout.cells.iloc[0]
    assert first["neurons, %"].startswith("20.0 [1")
    assert layout.cells["neurons, %"].iloc[4] == "40.4"
    assert first["effective score"].startswith("+0.20 [")
    assert layout.cells["effective score"].iloc[4] == "–"
    assert "at the last token of the prompt" in layout.notes[0]
    assert pd.isna(read_table(paths[1], SHARING_LAYERS)["effective"]).all()
