"""Figures along an alignment: what is drawn is what the tables say."""

import numpy as np
import pandas as pd
from figure_cases import artefact, changes_by_layer, changes_by_n, draw, summaries, two_phases
from matplotlib.colors import to_rgb

from langneurons.alignment.schema import TRAINING
from langneurons.comparison.changes import LANGUAGES
from langneurons.figures.style import read_style
from langneurons.figures.training_steps import shades
from langneurons.figures.type_dynamics import group_means

LOOK = read_style({})


def drawn(axes):
    """Data of the marked lines, by no label: horizontal rules carry no marker."""
    return [line.get_ydata().tolist() for line in axes.lines if line.get_marker() != "None"]


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def lightness(colours):
    return [sum(to_rgb(colour)) for colour in colours]


def test_shades_go_from_light_to_dark_through_the_colour():
    three = shades("#0072B2", 3)
    assert lightness(three) == sorted(lightness(three), reverse=True)
    # 0.55 of white in the first: red 0 → 0.55; 0.4 of black in the last: blue 178/255 · 0.6.
    assert three[0][0] == 0.55
    assert np.isclose(three[2][2], 178 / 255 * 0.6)
    assert np.allclose(shades("#0072B2", 1), to_rgb("#0072B2"))


def test_layer_dynamics_draws_a_line_a_checkpoint_darker_with_steps(tmp_path):
    changes = {
        20: [-4, 1, 0, 3, 2, 0, 0, -2, 0, -3, 0, 3],
        60: [-8, 2, 1, 5, 0, 0, 4, -4] + [0] * 4,
    }
    paths = {
        "changes": [changes_by_layer(tmp_path / f"{s}", change) for s, change in changes.items()],
        "summaries": summaries(tmp_path, {}, {}, {}),
        "phases": two_phases(tmp_path, None, None),
    }
    figure = draw("layer_dynamics", paths, {"steps": [0, *changes]})
    specific, related, general = figure.axes
    assert drawn(specific) == [[-4, 2, 0], [-8, 0, 0]]
    assert drawn(related) == [[1, 0, -3], [2, 0, 0]]
    assert drawn(general) == [[0, 0, 0], [1, 4, 0]]
    for axes in figure.axes:
        early, late = [line for line in axes.lines if line.get_marker() != "None"]
        assert lightness([early.get_color()]) > lightness([late.get_color()])
        assert early.get_marker() != late.get_marker()
    assert specific.get_ylabel() == "Δ specific"
    assert specific.get_legend().get_title().get_text() == "step"
    assert legend(specific) == ["20", "60"]


def test_sharing_dynamics_leaves_out_neurons_of_no_language(tmp_path):
    changes = {1000: [-20, 30, -10, 1, -2, 0], 2000: [-9, 8, 1, 0, 3, -3]}
    tables = [changes_by_n(tmp_path / f"{s}", change=change) for s, change in changes.items()]
    paths = {"changes": tables, "summaries": summaries(tmp_path, {}, {}, {})}
    everything, selected = draw("sharing_dynamics", paths, {"steps": [0, *changes]}).axes
    assert drawn(everything) == [[30, -10], [8, 1]]
    assert drawn(selected) == [[-2, 0], [3, -3]]
    assert everything.lines[0].get_xdata().tolist() == [1, 2]
    assert legend(everything) == ["1,000", "2,000"]


def languages_table(after):
    """Neurons of en, de and zh, trained on de and zh: 10, 20, 30 specific, 1, 2, 6 related."""
    rows = []
    for i, language in enumerate(["en", "de", "zh"]):
        for kind, before in (("specific", [10, 20, 30]), ("related", [1, 2, 6])):
            key = (language, language == "en", language != "en", kind)
            now = after[kind][i]
            rows.append((*key, before[i], now, now - before[i]))
    return pd.DataFrame(rows, columns=LANGUAGES.names[:7])


def draw_types(folder, tables, totals):
    """Draw a table of languages a checkpoint; ``totals``: a row a step, a column a type."""
    paths = {
        "changes": [
            artefact(folder / f"{i}.languages", table, LANGUAGES, before="base")
            for i, table in enumerate(tables)
        ],
        "summaries": summaries(folder, *totals.to_dict("records")),
    }
    return draw("type_dynamics", paths, {"steps": list(totals.index)})


def test_type_dynamics_starts_at_the_base_and_sets_trained_beside_other_languages(tmp_path):
    tables = [
        languages_table({"specific": [8, 24, 34], "related": [1, 3, 6]}),
        languages_table({"specific": [5, 30, 40], "related": [2, 4, 9]}),
    ]
    means = group_means(tables, [0, 20, 60])
    # Trained: (20 + 30) / 2 = 25, (24 + 34) / 2 = 29, (30 + 40) / 2 = 35.
    assert means["specific", True].tolist() == [25, 29, 35]
    assert means["specific", False].tolist() == [10, 8, 5]
    assert means["related", True].tolist() == [4, 4.5, 6.5]
    totals = pd.DataFrame(
        {"specific": [60, 66, 75], "related": [5, 6, 9], "general": [7, 7, 0]}, index=[0, 20, 60]
    )
    figure = draw_types(tmp_path, tables, totals)
    specific, related, general, specific_means, related_means = figure.axes
    assert [drawn(axes) for axes in (specific, related, general)] == [
        [[60, 66, 75]],
        [[5, 6, 9]],
        [[7, 7, 0]],
    ]
    assert specific.lines[0].get_xdata().tolist() == [0, 20, 60]
    assert specific.lines[0].get_color() == LOOK.colours["specific"]
    assert drawn(specific_means) == [[25, 29, 35], [10, 8, 5]]
    assert drawn(related_means) == [[4, 4.5, 6.5], [1, 1, 2]]
    assert legend(related_means) == ["trained", "other"]
    assert [axes.get_ylim()[0] for axes in figure.axes] == [0] * 5


def test_type_dynamics_without_another_language_has_one_line_a_panel(tmp_path):
    table = languages_table({"specific": [8, 24, 34], "related": [1, 3, 6]}).assign(trained=True)
    means = group_means([table], [0, 20])
    assert means["specific", True].tolist() == [20, 22]
    totals = pd.DataFrame({"specific": [0, 0], "related": [5, 6], "general": [7, 7]}, index=[0, 20])
    figure = draw_types(tmp_path, [table], totals)
    assert legend(figure.axes[3]) == ["trained"]


def test_training_draws_a_panel_a_measure_without_what_was_not_logged(tmp_path):
    rows = [
        (0, "dev", 0.7, 0.0, None),
        (10, "train", 0.6, None, 0.75),
        (5, "train", 0.65, 0.1, 0.5),
        (10, "dev", 0.5, 0.2, 1.0),
    ]
    table = pd.DataFrame(rows, columns=TRAINING.names)
    training = artefact(tmp_path / "training", table, TRAINING)
    loss, margin, accuracy = draw("alignment_training", {"training": training}).axes
    lines = {
        (axes, line.get_label()): (list(line.get_xdata()), list(line.get_ydata()))
        for axes in (loss, margin, accuracy)
        for line in axes.lines
    }
    assert lines[loss, "train"] == ([5, 10], [0.65, 0.6])
    assert lines[loss, "dev"] == ([0, 10], [0.7, 0.5])
    assert lines[margin, "train"] == ([5], [0.1])
    assert lines[accuracy, "dev"] == ([10], [1.0])
    assert legend(loss) == ["train", "dev"]
    looks = {line.get_label(): line.get_linestyle() for line in loss.lines}
    assert looks["train"] != looks["dev"]
    # Before training the loss is ln 2.
    assert np.isclose(loss.lines[0].get_ydata()[0], 0.6931, atol=1e-4)
    assert accuracy.get_xlabel() == "training step"


def visible_ticks(axes):
    low, high = axes.get_ylim()
    axes.figure.canvas.draw()
    ticks = zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
    return [label.get_text() for place, label in ticks if low <= place <= high]


def test_an_axis_without_a_change_is_labelled_0_once(tmp_path):
    facts = {"summaries": summaries(tmp_path, {}, {})}
    by_layer = {"changes": [changes_by_layer(tmp_path / "layers", [0] * 12)]}
    phases = {"phases": two_phases(tmp_path, None, None)}
    by_n = changes_by_n(tmp_path / "sharing", change=[0] * 6)
    figures = [
        draw("layer_dynamics", by_layer | phases | facts, {"steps": [0, 20]}),
        draw("sharing_dynamics", {"changes": [by_n]} | facts, {"steps": [0, 20]}),
        draw("sharing_change", {"sharing": by_n, "controls": []} | facts),
    ]
    for axes in (axes for figure in figures for axes in figure.axes):
        assert visible_ticks(axes) == ["0"]


def test_an_axis_with_small_changes_is_labelled_with_whole_numbers(tmp_path):
    by_n = changes_by_n(tmp_path / "sharing", change=[0, 1, 0, 0, 2, -1])
    paths = {"changes": [by_n], "summaries": summaries(tmp_path, {}, {})}
    everything, selected = draw("sharing_dynamics", paths, {"steps": [0, 20]}).axes
    assert visible_ticks(everything) == ["0", "+1"]
    assert visible_ticks(selected) == ["−1", "0", "+1", "+2"]
