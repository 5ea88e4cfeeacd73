"""The figure and the tables of known facts: what is shown is what the artefacts say."""

import numpy as np
import pandas as pd
import pytest
from figure_cases import artefact, draw, texts

from langneurons.facts.schemas import KNOWLEDGE, KNOWLEDGE_CHANGE
from langneurons.tables import knowledge_by_language, knowledge_change

LANGUAGES = ["en", "de", "zh", None]


def accuracies(folder, name, shares, relations=(None, "capital", "currency"), whiskers=True):
    rows = [
        {
            "relation": relation,
            "language": language,
            "facts": 30 if relation is None else 15,
            "accuracy": share + 0.1 * index,
            "low": share - 0.3 if whiskers else None,
            "high": share + 0.3 if whiskers else None,
            "chance": 0.1,
        }
        for index, relation in enumerate(relations)
        for language, share in zip(LANGUAGES, shares, strict=True)
    ]
    path = folder / f"{name}.parquet"
    return artefact(path, pd.DataFrame(rows), KNOWLEDGE, name=name)


def test_a_panel_for_each_relation_and_a_mark_for_each_model(tmp_path):
    paths = [
        accuracies(tmp_path, "gemma", [0.5, 0.4, 0.2, 0.3]),
        accuracies(tmp_path, "aligned", [0.6, 0.5, 0.3, 0.4]),
    ]
    figure = draw("knowledge_accuracy", {"accuracies": paths})
    _, capital, currency = figure.axes
    assert [axes.get_title(loc="left") for axes in (capital, currency)] == ["capital", "currency"]
    (chance,) = (line for line in currency.lines if line.get_linestyle() == ":")
    assert set(chance.get_ydata()) == {0.1}
    marks = {line.get_label(): line.get_ydata() for line in currency.lines}
    np.testing.assert_allclose(marks["gemma"], [0.7, 0.6, 0.4])
    np.testing.assert_allclose(marks["aligned"], [0.8, 0.7, 0.5])
    # An interval ends where a share does: 0.2 − 0.3 is below 0.
    ends = [segment[:, 1].tolist() for segment in currency.collections[0].get_segments()]
    np.testing.assert_allclose(ends, [[0.2, 0.8], [0.1, 0.7], [0, 0.5]])
    names = [label.get_text() for label in currency.get_xticklabels()]
    assert names == ["English", "German", "Chinese"]
    legend = figure.axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["gemma", "aligned"]
    notes = figure.get_supxlabel().replace("\n", " ").replace("\u00a0", " ")
    assert "the mean over facts (n = 15 of capital, 15 of currency), each" in notes
    assert "Whiskers: 95 % interval over facts." in notes
    assert texts(capital) == []


def test_one_relation_is_one_panel_and_few_facts_have_no_whiskers(tmp_path):
    path = accuracies(tmp_path, "gemma", [0.5, 0.4, 0.2, 0.3], [None], whiskers=False)
    figure = draw("knowledge_accuracy", {"accuracies": [path]})
    _, panel = figure.axes
    assert panel.get_title(loc="left") == ""
    assert "Whiskers" not in figure.get_supxlabel()
    assert not panel.collections[0].get_segments()


def test_the_table_has_languages_side_by_side(tmp_path):
    path = accuracies(tmp_path, "gemma", [0.5, 0.4, 0.2, 0.3])
    table = knowledge_by_language.make([path])
    assert len(table) == 12
    cells = knowledge_by_language.lay_out(table).cells
    assert cells["relation"].tolist() == ["all", "capital", "currency"]
    assert cells.loc[0, ["English", "German", "Chinese", "mean"]].tolist() == [
        "50.0", "40.0", "20.0", "30.0",
    ]  # fmt: skip
    assert cells["[95 %]"].tolist() == ["0.0, 60.0"] * 3
    assert cells["facts"].tolist() == ["30", "15", "15"]


def changes(folder, after, control, change):
    rows = [
        {
            "relation": None, "group": group, "language": language, "facts": 30, "chance": 0.1,
            "before": 0.2, "after": 0.2 + change, "change": change,
            "change_low": change - 0.05, "change_high": change + 0.05,
        }
        for group, language in [("pivot", "en"), ("trained", "de"), ("trained", None)]
    ]  # fmt: skip
    path = folder / f"{after}.parquet"
    facts = {"before": "gemma", "after": after, "control": control}
    return artefact(path, pd.DataFrame(rows), KNOWLEDGE_CHANGE, **facts)


@pytest.mark.parametrize("controls", [0, 1, 2])
def test_the_change_is_beside_that_of_its_controls(tmp_path, controls):
    paths = [changes(tmp_path, "aligned", None, 0.12)]
    paths += [changes(tmp_path, f"c{index}", "shuffled", 0) for index in range(controls)]
    layout = knowledge_change.lay_out(knowledge_change.make(paths), paths)
    assert layout.cells["language"].tolist() == ["English", "• German", "all trained"]
    assert layout.cells.loc[1, ["before", "after", "Δ after [95 %]"]].tolist() == [
        "20.0", "32.0", "+12.0 [+7.0, +17.0]",
    ]  # fmt: skip
    titles = {0: [], 1: ["control"], 2: ["control 1", "control 2"]}[controls]
    assert [name for name in titles if layout.cells.loc[0, name] == "20.0"] == titles
    assert ("c0 (shuffled)" in layout.notes[0]) == bool(controls)
    assert "Facts: n = 30." in layout.notes[2]
