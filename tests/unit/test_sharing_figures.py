"""Figures by N, the number of languages: what is drawn is what the artefacts say."""

from figure_cases import CONTROL, changes_by_n, draw, heights, summaries, texts


def draw_sharing(module, folder, **bounds):
    before, after = [900, 60, 40, 0, 7, 0], [880, 90, 30, 1, 5, 0]
    change = [-20, 30, -10, 1, -2, 0]
    paths = {
        "sharing": changes_by_n(
            folder / "sharing", before=before, after=after, change=change, **bounds
        ),
        "controls": [
            changes_by_n(
                folder / "c", CONTROL, change=[0, 50, 0, 0, 0, 0], after=[0, 7, 0, 0, 0, 0]
            )
        ],
        "summaries": summaries(folder, {}, {}),
    }
    return draw(module, paths)


def test_sharing_change_leaves_out_neurons_of_no_language_and_labels_every_bar(tmp_path):
    figure = draw_sharing("sharing_change", tmp_path)
    assert [heights(axes) for axes in figure.axes] == [[30, -10], [-2, 0]]
    assert [texts(axes) for axes in figure.axes] == [["+30", "−10"], ["−2", "0"]]
    # The label stands beyond the control's mark at 50.
    assert figure.axes[0].texts[0].xy == (1, 50)


def test_sharing_counts_draws_before_and_after_told_apart_by_hatch(tmp_path):
    figure = draw_sharing("sharing_counts", tmp_path)
    everything, selected = figure.axes
    assert heights(everything) == [900, 60, 40, 880, 90, 30]
    assert heights(selected) == [0, 7, 0, 1, 5, 0]
    assert texts(selected) == ["0", "7", "0", "1", "5", "0"]
    hatches = [container[0].get_hatch() for container in everything.containers]
    assert hatches[0] != hatches[1]
    (marks,) = everything.lines
    assert marks.get_ydata().tolist() == [0, 7, 0]
    # Without intervals there is no thin line: too few folds.
    assert [len(axes.collections[0].get_segments()) for axes in figure.axes] == [0, 0]


def test_sharing_counts_draws_the_interval_of_the_change_at_the_number_after(tmp_path):
    bounds = {"change_low": [-30, 20, -50, 0, -9, 0], "change_high": [-10, 40, -5, 2, 5, 0]}
    figure = draw_sharing("sharing_counts", tmp_path, **bounds)
    lines = [axes.collections[0].get_segments() for axes in figure.axes]
    # 900 − 30 to 900 − 10; 60 + 20 to 60 + 40; 40 − 50 is less than no neuron.
    assert [line[:, 1].tolist() for line in lines[0]] == [[870, 890], [80, 100], [0, 35]]
    # A label stands above its line: 7 + 5 is more than 5.
    after = figure.axes[1].texts[4]
    assert (after.get_text(), after.xy[1]) == ("5", 12)
    notes = figure.get_supxlabel().replace("\n", " ")
    assert "Thin lines: 95 % interval of the change, over texts." in notes
