"""Figures of dominance, of whole sets and by phase: what stands in their cells, valid files."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from langneurons.artifacts.tables import write_table
from langneurons.errors import InputError
from langneurons.figures.frame import draw_figure, render
from langneurons.figures.style import describe
from langneurons.interventions.deactivation_changes import BY_COLUMN, BY_ROW, DOMINANCE
from langneurons.phases.table import PHASES

NAN = np.nan


def dominances():
    """A set and its parts in two phases; Swahili has no neurons; all measures alike in each."""
    rows = []
    names = ("specific", "specific@phase 1", "specific@phase 2")
    for measure, name in itertools.product(("log_perplexity", "accuracy"), names):
        for by in (BY_ROW, BY_COLUMN):
            english = (1.25, 0.5, 0.5) if measure == "log_perplexity" else (-0.5, -0.5, 0.0)
            values = {
                "en": (4, *english), "de": (2, 0.0, 0.0, 0.0), "sw": (0, NAN, NAN, NAN),
                None: (6, *(value / 2 for value in english)),
            }  # fmt: skip
            for language, (neurons, own, others, control) in values.items():
                if by == BY_COLUMN:
                    others, control = 2 * others, NAN
                changes = {
                    "own": own, "others": others, "control": control,
                    "own_less_others": own - others, "own_less_control": own - control,
                }  # fmt: skip
                ends = {"": 0.0, "_low": -0.125, "_high": 0.125}
                rows.append(
                    {"measure": measure, "set": name, "by": by}
                    | {"language": language, "neurons": neurons}
                    | {
                        f"{key}{end}": changes[key] + off
                        for key in changes
                        for end, off in ends.items()
                    }
                    | {"problems": 2}
                )
    return pd.DataFrame(rows)


@pytest.fixture
def dominance(tmp_path):
    write_table(dominances(), tmp_path / "dominance", DOMINANCE)
    return {"dominance": tmp_path / "dominance"}


@pytest.fixture
def phases(tmp_path):
    rows = {"phase": [1, 2], "first_layer": [0, 3], "last_layer": [2, 3], "name": ["one", "two"]}
    counts = {"specific": 0, "related": 0, "general": 0}
    bounds = {"first_layer_low": None, "first_layer_high": None}
    write_table(pd.DataFrame(rows).assign(**counts, **bounds), tmp_path / "phases", PHASES)
    return {"phases": tmp_path / "phases"}


def test_dominance_is_drawn(dominance):
    dominant = render("deactivation_dominance", dominance, "Tiny", {})
    assert [axes.get_title(loc="left") for axes in dominant.figure.axes] == ["specific"] * 2
    perplexity, accuracy = dominant.figure.axes
    names = [label.get_text() for label in perplexity.get_yticklabels()]
    assert names == ["English (4)", "German (2)", "Swahili (0)", "mean"]
    assert [text.get_text() for text in perplexity.texts] == ["no neurons"]
    # Accuracy in percentage points: −50 by its own neurons and on the others, 0 by random ones.
    # By the neurons of the others it changes by −100.
    circles, triangles, squares = (line.get_xdata() for line in accuracy.lines[:3])
    np.testing.assert_allclose(circles[:2], [0, 0])
    np.testing.assert_allclose(triangles[:2], [50, 0])
    np.testing.assert_allclose(squares[:2], [-50, 0])
    assert "n = 2 problems a language." in describe(dominant.heading, dominant.notes)


def test_phases_are_drawn(dominance, phases):
    phased = render("deactivation_phases", dominance | phases, "Tiny", {})
    panels = [axes for axes in phased.figure.axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left").split("\n")[1] for axes in panels] == [
        "the language itself",
        "mean of the others",
        "itself, random control",
    ]
    texts = [text.get_text() for text in panels[0].texts]
    assert texts == ["+1.25"] * 3 + ["0.00"] * 3 + ["–"] * 3 + ["+0.62"] * 3
    assert "(1: layers 0–2, 2: layer 3)" in describe(phased.heading, phased.notes)


@pytest.mark.parametrize("name", ["deactivation_dominance", "deactivation_phases"])
def test_files_of_dominance_are_valid(name, dominance, phases, tmp_path):
    outputs = {kind: tmp_path / f"figure.{kind}" for kind in ("png", "pdf")}
    inputs = dominance | (phases if name == "deactivation_phases" else {})
    draw_figure(name, inputs, outputs, "Tiny", {"dpi": 60})
    assert imread(outputs["png"]).std() > 0.01


def test_dominance_without_phases_or_without_rows_is_refused(dominance, phases):
    table = dominances()
    whole = table[table["set"] == "specific"]
    write_table(whole, dominance["dominance"], DOMINANCE)
    with pytest.raises(InputError, match="no set by phase"):
        render("deactivation_phases", dominance | phases, "Tiny", {})
    write_table(whole[:0], dominance["dominance"], DOMINANCE)
    with pytest.raises(InputError, match="no changes"):
        render("deactivation_dominance", dominance, "Tiny", {})
