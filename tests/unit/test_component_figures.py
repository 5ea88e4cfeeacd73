"""What figures and tables say of components off and of neurons trained alone."""

import pandas as pd
import pytest
from component_cases import effects
from deactivation_cases import LANGUAGES
from figure_cases import artefact, draw, texts

from langneurons.components.schemas import (
    COMPONENT_CELL,
    COMPONENT_EFFECTS,
    ENHANCEMENT,
    ENHANCEMENT_CHANGES,
)
from langneurons.components.summary import effects_of
from langneurons.errors import InputError
from langneurons.figures.frame import render
from langneurons.interventions.own_and_others import effects_by_target
from langneurons.tables import component_effects, enhancement_effects

OFF = [
    (("all", "all", "en"), None, 6, {"en": 0.5, "de": 0.1}),
    (("all", "all", "en"), 0, 6, {"en": 0.2}),
    (("all", "all", "de"), None, 2, {"de": 0.3}),
    (("all", "all", "de"), 0, 2, {}),
    (("q", "understanding", "en"), None, 1, {"en": 0.001}),
]
FACTS = {
    "languages": LANGUAGES,
    "stages": {
        "all": [0, 5], "understanding": [0, 1], "task_solving": [2, 3], "generation": [4, 5],
    },
    "parameters": {
        "set": "specific+related", "control_seeds": 1,
        "training": {"steps": 20, "batch": 8, "learning_rate": 0.001},
    },
}  # fmt: skip


def off(folder, rows=OFF, problems=12):
    table = effects_of(effects(rows, problems), COMPONENT_CELL, ["neurons"])
    table = table.sort_values("component", kind="stable")  # all components first
    return artefact(folder / "effects", table, COMPONENT_EFFECTS, **FACTS)


def test_the_map_has_components_above_and_languages_below(tmp_path):
    page = render("component_deactivation", {"effects": off(tmp_path)}, "x", {})
    panels = [axes for axes in page.figure.axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left").split("\n")[0] for axes in panels] == [
        "the language itself", "mean of the others", "itself, random neurons",
        *["by language: all components"] * 3,
    ]  # fmt: skip
    # Means of 0.5 and 0.3, of 6 and 2 neurons; of queries there is one neuron of English.
    assert texts(panels[0]) == ["+0.40\n4", "–", "–", "–", "–", "0.00\n1", "–", "–"]
    assert texts(panels[3])[::4] == ["+0.50", "+0.30"]
    assert texts(panels[5])[::4] == ["+0.20", "0.00"]
    names = [label.get_text() for label in panels[0].get_yticklabels()]
    assert names == ["all components", "queries"]
    assert [label.get_text() for label in panels[3].get_yticklabels()] == ["English", "German"]
    notes = " ".join(page.notes)
    assert "understanding 0–1, task solving 2–3, generation 4–5" in notes
    assert "n = 12 problems" in notes


def test_few_problems_have_no_pale_cells(tmp_path):
    page = render("component_deactivation", {"effects": off(tmp_path, problems=3)}, "x", {})
    assert "too few for intervals" in " ".join(page.notes)
    assert "Pale" not in " ".join(page.notes)


def test_without_neurons_there_is_no_figure(tmp_path):
    empty = artefact(tmp_path / "e", pd.DataFrame(columns=["component"]), COMPONENT_EFFECTS)
    with pytest.raises(InputError, match="no component has neurons of any of the languages"):
        draw("component_deactivation", {"effects": empty})
    none = artefact(tmp_path / "c", pd.DataFrame(columns=["target"]), ENHANCEMENT_CHANGES)
    with pytest.raises(InputError, match="no language has neurons to train"):
        draw("enhancement", {"changes": none, "effects": none})


def test_the_table_has_means_and_all_languages_of_the_whole(tmp_path):
    path = off(tmp_path)
    cells = component_effects.lay_out(component_effects.make(path), path).cells
    assert cells["language"].tolist() == ["English", "German", "mean", "mean"]
    row = cells.iloc[2]
    assert row[["component", "layers", "neurons"]].tolist() == ["all components", "all layers", "4"]
    assert row["itself"].startswith("+0.400 [+0.39")
    assert row["others"] == "+0.050"
    assert row["itself − random"].startswith("+0.300 [")
    assert cells.iloc[3]["itself − random"] == "–"


def trained(folder):
    rows = [
        (("en",), None, 30, {"en": -0.5, "de": 0.1}),
        (("en",), 0, 30, {"en": -0.2}),
        (("de",), None, 5, {"de": -0.3}),
        (("de",), 0, 5, {"de": -0.1, "en": 0.05}),
    ]
    problems = effects(rows, columns=("language",)).assign(tokens=700)
    whole = effects_of(problems, ["language"], ["neurons", "tokens"])
    changes = effects_by_target(problems, ["language"])
    return {
        "changes": artefact(folder / "changes", changes, ENHANCEMENT_CHANGES, **FACTS),
        "effects": artefact(folder / "whole", whole, ENHANCEMENT, **FACTS),
    }


def test_the_map_of_training_frames_the_language_itself(tmp_path):
    page = render("enhancement", trained(tmp_path), "x", {})
    own, random = [axes for axes in page.figure.axes if axes.get_title(loc="left")]
    assert texts(own) == ["−0.50", "+0.10", "0.00", "−0.30"]
    assert texts(random) == ["−0.20", "0.00", "+0.05", "−0.10"]
    names = [label.get_text() for label in own.get_yticklabels()]
    assert names == ["English (30)", "German (5)"]
    assert [patch.get_xy() for patch in own.patches] == [(0, 0), (1, 1)]
    assert "20 steps of 8 texts, learning rate 0.001" in page.notes[0]


def test_the_table_of_training_names_the_tokens(tmp_path):
    paths = trained(tmp_path)
    table = enhancement_effects.make(paths["effects"])
    cells = enhancement_effects.lay_out(table, paths["effects"]).cells.set_index("trained on")
    assert cells.loc["English", ["neurons", "tokens"]].tolist() == ["30", "700"]
    assert cells.loc["mean", "neurons"] == "18"  # 17.5
    assert cells.loc["German", "random"] == "−0.100"
    assert cells.loc["German", "itself − random"].startswith("−0.200 [")
