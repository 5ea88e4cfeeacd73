"""Deactivation figures: changes worked by hand, empty sets, infinite perplexity, valid files."""

import importlib
import sys
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from langneurons.artifacts.tables import write_table
from langneurons.errors import InputError
from langneurons.figures.change_maps import change_maps
from langneurons.figures.frame import draw_figure, render
from langneurons.figures.style import describe
from langneurons.interventions.deactivation_changes import CHANGES
from langneurons.interventions.schemas import DEACTIVATION

NAMES = ("deactivation_change", "deactivation_accuracy")
NAN, INF = np.nan, np.inf


def deactivations():
    """Two languages and two sets; English has no specific neurons; two seeds of the control."""
    rows = [
        # set, control seed, deactivated, neurons, target, perplexity, accuracy, n
        ("none", None, None, 0, "en", 3, 0.5, 8),
        ("none", None, None, 0, "de", 7, 0.25, 8),
    ]
    for seed in (None, 0, 1):
        rows += [("specific", seed, "en", 0, target, None, None, 0) for target in ("en", "de")]
    both = "specific+related"
    rows += [
        ("specific", None, "de", 5, "en", 3, 0.5, 8),
        ("specific", None, "de", 5, "de", 15, 0, 8),
        ("specific", 0, "de", 5, "en", 3, 0.5, 8),
        ("specific", 0, "de", 5, "de", 7, 0.25, 8),
        ("specific", 1, "de", 5, "en", 1, 0.75, 8),
        ("specific", 1, "de", 5, "de", 31, 0.125, 8),
        (both, None, "en", 1200, "en", INF, 0, 8),
        (both, None, "en", 1200, "de", 7, 0.25, 8),
        (both, None, "de", 9, "en", 1, 1, 8),
        (both, None, "de", 9, "de", 63, 0, 8),
    ]
    for seed in (0, 1):
        rows += [
            (both, seed, "en", 1200, "en", 3, 0.5, 8),
            (both, seed, "en", 1200, "de", 7, 0.25, 8),
            (both, seed, "de", 9, "en", 3, 0.5, 8),
            (both, seed, "de", 9, "de", INF if seed else 7, 0.25, 8),
        ]
    left_out = ("nll", "unfinished", "knowledge", "facts")
    columns = [name for name in DEACTIVATION.names if name not in left_out]
    table = pd.DataFrame(rows, columns=columns).astype({"perplexity": float})
    nll = np.log(table["perplexity"])
    return table.assign(nll=nll, unfinished=None, knowledge=None, facts=0)


def intervals(table, clear=()):
    """The `CHANGES` of a table: only the ``clear`` (set, deactivated, target) are not about 0."""
    rows = table[table["set"] != "none"]
    rows = rows.assign(control=rows["control_seed"].notna())
    rows = rows.drop_duplicates(["set", "control", "deactivated", "target"])
    keys = ["set", "control", "deactivated", "target"]
    rows = rows[keys].assign(change=0.5, change_low=-1.0, change_high=1.0, p=NAN, p_adjusted=NAN)
    away = [
        tuple(cell) in clear
        for cell in rows[["set", "deactivated", "target"]].itertuples(index=False)
    ]
    rows.loc[away, "change_low"] = 0.1
    both = [rows.assign(measure=measure) for measure in ("log_perplexity", "accuracy")]
    return pd.concat(both, ignore_index=True)


def perplexity_intervals(table):
    changes = intervals(table)
    return changes[changes["measure"] == "log_perplexity"]


def artefacts(folder, table, changes=None):
    """Write a table and the intervals of its changes."""
    paths = {name: folder / f"{name}.parquet" for name in ("deactivation", "changes")}
    parameters = {"parameters": {"texts": "prompt"}}
    write_table(table, paths["deactivation"], DEACTIVATION, parameters)
    write_table(intervals(table) if changes is None else changes, paths["changes"], CHANGES)
    return paths


def page(name, folder, table, changes=None):
    return render(name, artefacts(folder, table, changes), "Tiny on MGSM", {"dpi": 60})


def drawn(page):
    """Colours' values of the panels, (2, 2) each with NaN where pale, and their texts."""
    panels = [axes for axes in page.figure.axes if axes.get_title(loc="left")]
    values = [
        axes.collections[0].get_array().reshape(2, 2).filled(NAN).astype(float) for axes in panels
    ]
    texts = [[text.get_text() for text in axes.texts] for axes in panels]
    return panels, values, texts


def test_log_perplexity_is_drawn_as_its_change_against_none(tmp_path):
    panels, values, texts = drawn(page("deactivation_change", tmp_path, deactivations()))

    # log(1 + 15) − log(1 + 7) = log 2 on German; the seeds of its control give on English
    # log 4/4 and log 2/4, their mean −½ log 2; on German log 8/8 and log 32/8, their mean log 2.
    log2 = np.log(2)
    np.testing.assert_allclose(values[0], [[NAN, NAN], [0, log2]], atol=1e-12)
    np.testing.assert_allclose(values[1], [[NAN, NAN], [-log2 / 2, log2]], atol=1e-12)
    # log 2/4 = −log 2 and log 64/8 = 3 log 2; inf has the colour of the largest finite change.
    np.testing.assert_allclose(values[2], [[3 * log2, 0], [-log2, 3 * log2]], atol=1e-12)
    np.testing.assert_allclose(values[3], [[0, 0], [0, 3 * log2]], atol=1e-12)
    assert texts[0] == ["", "", "0.00", "+0.69", "no neurons"]
    assert texts[1] == ["", "", "−0.35", "+0.69", "no neurons"]
    assert texts[2] == ["inf", "0.00", "−0.69", "+2.08"]
    assert texts[3] == ["0.00", "0.00", "0.00", "inf"]
    # All sets and their controls have one scale, centred at 0.
    limits = [axes.collections[0].get_clim() for axes in panels]
    np.testing.assert_allclose(limits, [[-3 * log2, 3 * log2]] * 4)
    assert [axes.get_title(loc="left") for axes in panels] == [
        "specific",
        "random control",
        "specific+related",
        "random control",
    ]
    names = [[label.get_text() for label in axes.get_yticklabels()] for axes in panels]
    assert names[0] == ["English (0)", "German (5)"]
    assert names[2] == ["English (1,200)", "German (9)"]
    columns = [label.get_text() for label in panels[2].get_xticklabels()]
    assert columns == ["English", "German"]


def test_accuracy_is_drawn_as_its_change_in_percentage_points(tmp_path):
    _, values, texts = drawn(page("deactivation_accuracy", tmp_path, deactivations()))

    # 0 − 25 % on German; the seeds of the control: 0 and +25 on English, 0 and −12.5 on German.
    np.testing.assert_allclose(values[0], [[NAN, NAN], [0, -25]])
    np.testing.assert_allclose(values[1], [[NAN, NAN], [12.5, -6.25]])
    np.testing.assert_allclose(values[2], [[-50, 0], [50, -25]])
    assert texts[1] == ["", "", "+12.5", "−6.2", "no neurons"]


def test_an_infinite_perplexity_without_a_mask_leaves_no_number():
    table = deactivations()
    table.loc[0, "perplexity"] = INF
    measure = np.log1p(table["perplexity"].to_numpy())
    change = change_maps(table, measure, perplexity_intervals(table))["specific+related"]
    np.testing.assert_allclose(change.changes, [[NAN, 0], [-INF, 3 * np.log(2)]])


def test_cells_whose_interval_contains_0_are_pale(tmp_path):
    table = deactivations()
    changes = intervals(table, clear=[("specific", "de", "de")])
    panels, _, _ = drawn(page("deactivation_change", tmp_path, table, changes))
    opacity = [axes.collections[0].get_alpha() for axes in panels]
    # A set and its control alike; the row of English has no interval, nothing was measured.
    np.testing.assert_array_equal(opacity[0] == 1, [[False, False], [False, True]])
    assert (opacity[2] < 1).all()


def test_cells_that_differ_from_their_control_have_a_dot(tmp_path):
    table = deactivations()
    changes = intervals(table)
    cell = (changes["set"] == "specific") & (changes["deactivated"] == "de") & ~changes["control"]
    # German neurons off: English changes as by random ones, German does not.
    changes.loc[cell, ["p", "p_adjusted"]] = 0.04
    changes.loc[cell & (changes["target"] == "en"), "p_adjusted"] = 0.06
    dotted = page("deactivation_change", tmp_path, table, changes)
    panels, _, _ = drawn(dotted)
    dots = [np.concatenate([line.get_xydata() for line in axes.lines]) for axes in panels[::2]]
    np.testing.assert_allclose(dots[0], [[1.9, 1.17]])  # column German, row German
    assert dots[1].size == 0
    assert not [line for axes in panels[1::2] for line in axes.lines]  # controls
    assert "Dot: differs from the random control, p < 0.05" in caption(dotted)
    assert "Dot" not in caption(page("deactivation_change", tmp_path, table))


def test_sets_by_phase_and_random_neurons_beside_a_set_have_no_maps():
    table = deactivations()
    part = table[table["set"] == "specific"].assign(set="specific@phase 1")
    beside = table[table["control_seed"].notna()].assign(set="specific+random")
    table = pd.concat([table, part, beside], ignore_index=True)
    maps = change_maps(table, np.log1p(table["perplexity"].to_numpy()), perplexity_intervals(table))
    assert list(maps) == ["specific", "specific+related"]


def test_problems_without_answers_are_marked(tmp_path):
    table = deactivations()
    table["accuracy"] = NAN
    unanswered = page("deactivation_accuracy", tmp_path, table)
    _, _, texts = drawn(unanswered)
    assert texts[0] == ["", "", "n/a", "n/a", "no neurons"]
    assert "n/a: the problems have no answers." in caption(unanswered)


@pytest.mark.parametrize("name", NAMES)
def test_files_are_valid_and_equal_on_a_second_run(name, tmp_path):
    runs = [{kind: tmp_path / f"{run}.{kind}" for kind in ("png", "pdf")} for run in ("one", "two")]
    table = deactivations()
    paths = artefacts(tmp_path, table[table["set"] != "specific+related"])
    for outputs in runs:
        draw_figure(name, paths, outputs, "Tiny on MGSM", {"dpi": 60})

    assert imread(runs[0]["png"]).std() > 0.01
    assert runs[0]["pdf"].read_bytes().startswith(b"%PDF-")
    for kind in ("png", "pdf"):
        assert runs[0][kind].read_bytes() == runs[1][kind].read_bytes()


def test_the_caption_says_units_n_and_seeds(tmp_path):
    text = caption(page("deactivation_change", tmp_path, deactivations()))
    assert "log(1 + PPL), natural logarithm of the perplexity of the prompts" in text
    assert "inf: infinite PPL" in text
    assert "mean of 2 seeds" in text
    assert "n = 8 problems a language." in text
    accuracy = caption(page("deactivation_accuracy", tmp_path, deactivations()))
    assert "percentage points" in accuracy


def test_the_caption_says_what_controls_are_matched_on(tmp_path):
    table = deactivations()
    paths = artefacts(tmp_path, table)
    # The part of a phase is not in the figure, nor are random neurons beside the specific ones.
    apart = {"specific": (0.1, -0.24), "specific@phase 1": (3, 3), "specific+random": (-4, 4)}
    controls = [
        {"set": name, "peak_probability": peak, "down_norm": norm}
        for name, (peak, norm) in apart.items()
    ]
    facts = {"parameters": {"control": "activity"}, "controls": controls}
    write_table(table, paths["deactivation"], DEACTIVATION, facts)
    text = caption(render("deactivation_change", paths, "Tiny on MGSM", {"dpi": 60}))
    assert (
        "as many other neurons in each layer, each like one of the set in peak probability and "
        "‖W_down‖ (means apart by at most 0.24 standard deviations of a layer), mean of 2 seeds."
    ) in text
    facts["parameters"]["control"] = "layer"
    write_table(table, paths["deactivation"], DEACTIVATION, facts)
    text = caption(render("deactivation_change", paths, "Tiny on MGSM", {"dpi": 60}))
    assert "as many other neurons in each layer, mean of 2 seeds." in text


def test_sets_without_controls_have_one_panel_each(tmp_path):
    table = deactivations()
    without = page("deactivation_change", tmp_path, table[table["control_seed"].isna()])
    panels, _, _ = drawn(without)
    assert [axes.get_title(loc="left") for axes in panels] == ["specific", "specific+related"]
    assert "No random control." in caption(without)


@pytest.mark.parametrize(("kept", "missing"), [("none", "a set"), ("specific", "no set")])
def test_a_table_without_a_set_or_without_none_is_refused(kept, missing, tmp_path):
    table = deactivations()
    with pytest.raises(InputError, match=f"no row with {missing} of neurons"):
        page("deactivation_change", tmp_path, table[table["set"] == kept])


@pytest.mark.parametrize(
    "name",
    [
        "deactivation_change", "deactivation_accuracy", "deactivation_dominance",
        "deactivation_phases", "steering",
    ],
)  # fmt: skip
def test_the_figures_need_no_torch(name):
    """The conda environment of their rules has none."""
    with mock.patch.dict(sys.modules, {"torch": None}):  # to import it is an error
        for module in [module for module in sys.modules if module.startswith("langneurons")]:
            del sys.modules[module]
        importlib.import_module(f"langneurons.figures.{name}")


def caption(page):
    """The description that a figure's files carry."""
    return describe(page.heading, page.notes)
