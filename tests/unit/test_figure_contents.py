"""Figures: what is drawn is what the tables say."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from figure_cases import (
    CONTROL,
    LANGUAGES,
    SIDES,
    accuracies,
    artefact,
    certainty_by_layer,
    changes_by_layer,
    draw,
    summaries,
    texts,
    two_phases,
)

from langneurons.comparison.positions import TRANSITIONS
from langneurons.figures.facts import selection_scalars
from langneurons.figures.language_sharing import shared_neurons
from langneurons.figures.probability_profiles import example_neurons
from langneurons.figures.style import count_axis, new_figure, read_style, signed
from langneurons.neurons.table import NEURONS, read_neurons, read_summary
from langneurons.phases.segmentation import LAYERS
from langneurons.responses.accuracy import ACCURACY

LOOK = read_style({})


def test_layer_distribution_draws_one_line_a_type_and_one_number_a_phase(tmp_path):
    layers = pd.DataFrame(
        {"layer": [0, 1, 2], "specific": [4, 0, 3], "related": [2, 0, 1], "general": [1, 9, 5]}
    )
    paths = {
        "phases": two_phases(tmp_path, [0.0, 1.5], [0.0, 2.0]),
        "layers": artefact(tmp_path / "layers", layers, LAYERS),
        "certainty": certainty_by_layer(tmp_path),
        "summary": summaries(tmp_path, {})[0],
    }
    axes = draw("layer_distribution", paths).axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    for kind in ("specific", "related", "general"):
        assert lines[kind].get_ydata().tolist() == layers[kind].tolist()
        assert lines[kind].get_color() == LOOK.colours[kind]
    # Readable without colour: no two types share a marker or a line style.
    assert len({lines[kind].get_marker() for kind in layers.columns[1:]}) == 3
    assert len({lines[kind].get_linestyle() for kind in layers.columns[1:]}) == 3
    assert [span.get_x() for span in axes.patches] == [-0.5, 0.5]
    assert [span.get_width() for span in axes.patches] == [1, 2]
    assert [label.get_text() for label in axes.child_axes[0].get_xticklabels()] == ["1", "2"]
    # Phase 2's bracket: interval 1.5–2, drawn half a layer left; it need not hold the estimate 1.
    (bracket,) = axes.containers[0].lines[2][0].get_segments()
    assert bracket[:, 0].tolist() == [1.0, 1.5]


def test_layer_change_draws_a_panel_a_type_with_its_total(tmp_path):
    change = [-4, 1, 0, 3, 2, 0, 0, -2, 0, -3, 0, 3]
    low = [value - 3 for value in change]
    high = [value + 3 for value in change]
    ends = {"change_low": low, "change_high": high}
    shuffled = [-9, 0, 0, 9, *[0] * 8]
    paths = {
        "layers": changes_by_layer(tmp_path / "layers", change, **ends),
        "controls": [changes_by_layer(tmp_path / "control", shuffled, CONTROL)],
        "phases": two_phases(tmp_path, [0.0, 1.5], [0.0, 2.0]),
        "summaries": summaries(tmp_path, {}, {}),
    }
    figure = draw("layer_change", paths)
    specific, related, general = figure.axes
    bars = [[bar.get_height() for bar in axes.containers[0]] for axes in figure.axes]
    assert bars == [[-4, 2, 0], [1, 0, -3], [0, 0, 0]]
    assert specific.get_ylabel() == "Δ specific\n(total −2)"
    assert related.get_ylabel() == "Δ related\n(total −2)"
    assert general.get_ylabel() == "Δ general\n(total 0)"
    segments = [line[:, 1].tolist() for line in specific.collections[-1].get_segments()]
    assert segments == [[-7, -1], [-1, 5], [-3, 3]]
    (marks,) = [line for line in specific.lines if line.get_marker() == "D"]
    assert marks.get_ydata().tolist() == [-9, 0, 0]
    assert specific.get_ylim() == (-9 * 1.1, 9 * 1.1)
    notes = figure.get_supxlabel().replace("\n", " ")
    assert (
        "Thin lines: 95 % interval over texts. Open markers: shuffled, control (shuffled)." in notes
    )


@pytest.mark.parametrize(("counts", "scale"), [([900, 31, 0], "linear"), ([900, 29], "symlog")])
def test_counts_that_span_more_than_thirtyfold_get_a_logarithmic_axis(counts, scale):
    _, axes = new_figure(3, 2, "Heading", [])
    count_axis(axes, np.array(counts), "neurons")
    assert axes.get_yscale() == scale
    assert axes.get_ylim()[0] == 0
    assert axes.get_ylim()[1] > 900
    assert ("logarithmic" in axes.get_ylabel()) == (scale == "symlog")


def draw_transitions(folder):
    # 4 specific neurons, 1 kept; no related one; 5000 others, 2 of them become general.
    numbers = [[1, 0, 0, 3], [0, 0, 0, 0], [0, 0, 6, 0], [0, 0, 2, 4998]]
    totals = [4, np.nan, 6, 5000]
    kinds = ["specific", "related", "general", "other"]
    table = pd.DataFrame(
        {
            "type_before": np.repeat(kinds, 4),
            "type_after": kinds * 4,
            "neurons": np.ravel(numbers),
            "share": np.ravel(np.array(numbers) / np.array(totals)[:, None]),
        }
    )
    path = folder / "transitions"
    paths = {
        "transitions": artefact(path, table, TRANSITIONS, **SIDES),
        "summaries": summaries(folder, {}, {}),
    }
    return draw("transitions", paths)


def test_transitions_write_count_and_share_in_each_cell(tmp_path):
    axes = draw_transitions(tmp_path).axes[0]
    cells = np.reshape(texts(axes), (4, 4))
    assert cells[0].tolist() == ["1\n25.0%", "0\n0.0%", "0\n0.0%", "3\n75.0%"]
    assert cells[1].tolist() == ["0"] * 4
    # 2 of 5000 is 0.04 %, which rounds to nothing without being it.
    assert cells[3, 2] == "2\n< 0.1%"
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "specific\n(n = 4)",
        "related\n(n = 0)",
        "general\n(n = 6)",
        "other\n(n = 5,000)",
    ]


def test_language_sharing_counts_neurons_of_both_languages(tmp_path):
    # One layer of four neurons: {en}, {en, de}, {en, de}, {de}; none is zh's.
    masks = np.array([[[1, 0, 0], [1, 1, 0], [1, 1, 0], [0, 1, 0]]], dtype=bool)
    assert shared_neurons(masks).tolist() == [[3, 2, 0], [2, 3, 0], [0, 0, 0]]
    table = pd.DataFrame(
        {
            "neuron": range(4),
            "selected": True,
            "type": "specific",
            "languages": [["en"], ["en", "de"], ["en", "de"], ["de"]],
        }
    )
    neurons = artefact(tmp_path / "neurons", table, NEURONS)
    assert (read_neurons(neurons, LANGUAGES).masks() == masks).all()
    paths = {"neurons": neurons, "summary": summaries(tmp_path, {})[0]}
    axes = draw("language_sharing", paths).axes[0]
    assert texts(axes)[:3] == ["3\n100%", "2\n67%", "0\n0%"]
    assert texts(axes)[6:] == ["0", "0", "0"]
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == ["English", "German", "Chinese"]


def test_examples_are_the_lowest_scores_a_new_set_of_languages_first():
    rows = [
        # neuron, score, type, languages
        (0, 0.3, "specific", ["en"]),
        (1, 0.1, "specific", ["en"]),
        (2, 0.2, "specific", ["en"]),
        (3, 0.9, "specific", ["de"]),
        (4, 0.0, "general", ["en", "de"]),
        (5, 0.5, "general", ["en", "de"]),
        (6, 0.0, "other", []),
    ]
    table = pd.DataFrame(rows, columns=["neuron", "score", "type", "languages"]).assign(
        layer=0, n_languages=1, selected=True, max_probability=1.0
    )
    neurons = pa.Table.from_pandas(table[NEURONS.names], schema=NEURONS, preserve_index=False)
    probabilities = np.zeros((1, 7, 2), dtype=np.float32)
    probabilities[0, 4] = [1.0, 0.5]
    probabilities[0, 5] = [0.7, 0.6]  # minimum 0.6 > 0.5
    chosen = example_neurons(neurons, probabilities, 3)
    assert chosen[["type", "neuron"]].to_numpy().tolist() == [
        ["specific", 1],
        ["specific", 3],
        ["specific", 2],
        ["general", 5],
        ["general", 4],
    ]
    assert chosen["profile"][3].tolist() == pytest.approx([0.7, 0.6])


def draw_accuracy(folder, tables):
    paths = [
        artefact(folder / model, table, ACCURACY, model=model) for model, table in tables.items()
    ]
    return draw("accuracy", {"accuracies": paths})


def test_accuracy_draws_each_model_beside_the_other_and_no_mark_without_responses(tmp_path):
    tables = {"base": accuracies(), "aligned": accuracies().assign(accuracy=[0.6, None])}
    axes = draw_accuracy(tmp_path, tables).axes[0]
    base, aligned = (container.lines[0] for container in axes.containers)
    assert base.get_ydata()[0] == 0.5
    assert aligned.get_ydata()[0] == 0.6
    assert np.isnan(base.get_ydata()[1])
    assert base.get_xdata()[0] < 0 < aligned.get_xdata()[0]
    assert base.get_marker() != aligned.get_marker()
    whisker = axes.containers[0].lines[2][0].get_segments()[0]
    assert whisker[:, 1].tolist() == [0.25, 0.75]
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["base", "aligned"]


def test_an_interval_that_rounding_puts_beyond_its_share_is_drawn(tmp_path):
    table = accuracies().assign(accuracy=[0.0, None], low=[1e-18, None], high=[0.3, None])
    axes = draw_accuracy(tmp_path, {"base": table}).axes[0]
    assert axes.containers[0].lines[2][0].get_segments()[0][:, 1].tolist() == [0.0, 0.3]


@pytest.mark.parametrize("title", ["Short", "a rather long title of a figure " * 12, "x" * 400])
def test_a_title_takes_at_most_two_lines(title):
    figure, _ = new_figure(3.5, 2, title, [])
    assert figure.get_suptitle().count("\n") <= 1
    assert (figure.get_suptitle() == title) == (title == "Short")


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(1234, 0, "+1,234"), (-3, 0, "−3"), (0, 0, "0"), (-0.04, 1, "0.0"), (-0.06, 1, "−0.1")],
)
def test_signed(value, decimals, text):
    assert signed(value, decimals) == text


def test_a_user_matplotlibrc_changes_nothing(monkeypatch, tmp_path):
    import matplotlib

    monkeypatch.setitem(matplotlib.rcParams, "axes.grid", True)
    monkeypatch.setitem(matplotlib.rcParams, "font.size", 20)
    figure = draw_transitions(tmp_path)
    assert figure.axes[0].yaxis.label.get_size() == 7
    assert matplotlib.rcParams["font.size"] == 20


@pytest.mark.parametrize(
    ("unbounded", "said"),
    [(True, "λ\u00a0=\u00a01.342e+07 (no bound found), τ"), (False, "λ\u00a0=\u00a01.342e+07, τ")],
)
def test_a_lambda_without_a_bound_is_stated_as_such(tmp_path, unbounded, said):
    scalars = {"lambda": 0.2 * 2**26, "lambda_unbounded": unbounded}
    (path,) = summaries(tmp_path, scalars)
    assert said in selection_scalars(read_summary(path))


def test_a_lambda_that_was_given_is_stated_alone(tmp_path):
    (path,) = summaries(tmp_path, {"lambda": 0.125})
    assert selection_scalars(read_summary(path)) == "λ\u00a0=\u00a00.125, τ\u00a0=\u00a00.5"
