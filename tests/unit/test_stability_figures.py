"""Figures of how sure types and numbers are: what is drawn is what the artefacts say."""

import numpy as np
import pandas as pd
from figure_cases import artefact, certainty_by_layer, draw, drawn, summaries, two_phases

from langneurons.figures.style import read_style
from langneurons.neurons.stability import STABILITY
from langneurons.phases.segmentation import LAYERS

LOOK = read_style({})
KINDS = ["specific", "related", "general", "other"]


def draw_stability(folder, shares, low):
    """Draw the stability of neurons, type → shares of the draws in which they keep it."""
    rows = [(kind, share) for kind, found in shares.items() for share in found]
    table = pd.DataFrame(rows, columns=["type", "stability"])
    table["stability"] = table["stability"].astype(np.float32)
    paths = {
        "stability": artefact(folder / "stability", table, STABILITY, **drawn(25)),
        "certainty": certainty_by_layer(folder, low),
        "summary": summaries(folder, {})[0],
    }
    return draw("stability", paths)


def test_stability_draws_how_many_neurons_keep_their_type_at_least_so_often(tmp_path):
    # 190 of 200 draws are 95 %, and enough.
    shares = {"specific": [1, 0.9, 190 / 200, 0.5], "general": [0.75], "other": [0.1]}
    figure = draw_stability(tmp_path, shares, low=1.0)
    (axes,) = figure.axes
    lines = {line.get_label(): line for line in axes.lines}
    specific = lines["specific (n\u00a0=\u00a04)"]
    np.testing.assert_allclose(specific.get_xdata(), [0, 0.5, 0.9, 0.95, 1])
    assert specific.get_ydata().tolist() == [1, 1, 0.75, 0.5, 0.25]
    # Up to each share, the line has the neurons that reach it.
    assert specific.get_drawstyle() == "steps-pre"
    assert (specific.get_color(), specific.get_marker()) == (LOOK.colours["specific"], "o")
    # No general neuron keeps its type in more than 75 % of draws.
    general = lines["general (n\u00a0=\u00a01)"]
    assert general.get_xdata().tolist() == [0, 0.75, 1]
    assert general.get_ydata().tolist() == [1, 1, 0]
    assert not {label for label in lines if label.startswith(("related", "other"))}
    notes = " ".join(figure.get_supxlabel().replace("\n", " ").split())
    assert "200 draws over texts (25 folds)." in notes
    assert "≥ 95 % of draws (dotted): specific 50 %, related –, general 0 %." in notes


def test_what_is_drawn_of_published_counts_is_said(tmp_path):
    shares = pd.DataFrame({"type": KINDS, "stability": np.float32(0.5)})
    of_tokens = drawn(5000, "tokens")
    paths = {
        "stability": artefact(tmp_path / "stability", shares, STABILITY, **of_tokens),
        "certainty": certainty_by_layer(tmp_path, 1.0, 2.0, of_tokens),
        "summary": summaries(tmp_path, {})[0],
    }
    notes = draw("stability", paths).get_supxlabel().replace("\n", " ")
    assert "200 draws over tokens alone, of one fold (5,000 tokens)." in notes
    layers = pd.DataFrame({"layer": range(3), **dict.fromkeys(KINDS[:3], 2)})
    paths = {
        "phases": two_phases(tmp_path, 0.0, 2.0),
        "layers": artefact(tmp_path / "layers", layers, LAYERS),
        **{name: paths[name] for name in ("certainty", "summary")},
    }
    notes = draw("layer_distribution", paths).get_supxlabel().replace("\n", " ")
    assert "Bars: 95 % interval over tokens alone, of one fold." in notes
    assert "of a phase's first layer, over tokens alone, of one fold." in notes


def test_stability_with_too_few_folds_is_a_note(tmp_path):
    figure = draw_stability(tmp_path, {"specific": [1.0]}, low=None)
    (axes,) = figure.axes
    assert not axes.axison
    assert not axes.lines
    notes = figure.get_supxlabel().replace("\n", " ")
    assert notes.startswith("Nothing is drawn: too few folds of texts (25) or draws (200).")


def draw_layers(folder, low=None, high=None):
    layers = pd.DataFrame(
        {"layer": [0, 1, 2], "specific": [4, 0, 3], "related": [2, 0, 1], "general": [1, 9, 5]}
    )
    paths = {
        "phases": two_phases(folder, None, None),
        "layers": artefact(folder / "layers", layers, LAYERS),
        "certainty": certainty_by_layer(folder, low, high),
        "summary": summaries(folder, {})[0],
    }
    return draw("layer_distribution", paths)


def test_layer_distribution_draws_the_interval_of_each_number_as_a_bar(tmp_path):
    # specific, related, general, other of layers 0, 1, 2; no number of neurons is below 0.
    low = [2.5, 1, -0.5, 90, 0, 0, 8, 90, 2, 0.5, 4, 90]
    high = [5.5, 3, 2.5, 95, 0, 0, 10, 95, 4, 1.5, 12, 95]
    figure = draw_layers(tmp_path, low, high)
    (axes,) = figure.axes
    specific, _, general = (bars.get_segments() for bars in axes.collections[:3])
    assert [bar.tolist() for bar in specific] == [
        [[0, 2.5], [0, 5.5]], [[1, 0], [1, 0]], [[2, 2], [2, 4]],
    ]  # fmt: skip
    assert [bar[:, 1].tolist() for bar in general] == [[0, 2.5], [8, 10], [4, 12]]
    assert axes.get_ylim()[1] > 12  # the highest bar, not the highest number
    assert "Bars: 95 % interval over texts." in figure.get_supxlabel()


def test_layer_distribution_has_no_bars_where_there_are_too_few_folds(tmp_path):
    figure = draw_layers(tmp_path)
    assert "Bars" not in figure.get_supxlabel()
    (axes,) = figure.axes
    assert axes.get_ylim()[1] < 12
    assert [len(bars.get_segments()) for bars in axes.collections[:3]] == [0, 0, 0]
