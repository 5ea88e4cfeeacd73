"""The figures and the table of facts' neurons."""

import pandas as pd
import pytest
from figure_cases import draw, texts
from knowledge_cases import LANGUAGES

from langneurons.artifacts.tables import write_table
from langneurons.errors import InputError
from langneurons.knowledge.effects import effects_of
from langneurons.knowledge.schemas import EDITS, FACT_EFFECTS, FACT_LAYERS
from langneurons.tables.fact_effects import lay_out, make

FACTS = {
    "languages": [*LANGUAGES, "sw"],
    "parameters": {"threshold": 0.2, "variation": 0.5, "share": 0.75, "control_seeds": 2},
}


def layers(path, agnostic=True, spread=0.5):
    rows = []
    for language, number in (("en", 12), ("zh", 11), (None, 10))[: 3 if agnostic else 2]:
        for layer in range(6):
            value = 1.0 + layer * (language is not None)
            ends = (value - 2, value + spread) if spread else (None, None)
            rows.append(
                (layer, language, value, *ends, 0.1, None, None, 0.5 if language is None else None,
                 number)
            )  # fmt: skip
    write_table(pd.DataFrame(rows, columns=FACT_LAYERS.names), path, FACT_LAYERS, FACTS)
    return path


def effects(path, facts=12):
    rows = [
        {
            "edit": edit, "fact": f"f{number}", "relation": "capital", "language": language,
            "phrasing": 1, "neurons": 4, "before": -2.0, "own": -1.0 - number / 10,
            "others": -0.1, "n_others": 3, "random": 0.05 * number,
        }
        for edit in EDITS for number in range(facts) for language in LANGUAGES
    ]  # fmt: skip
    write_table(effects_of(pd.DataFrame(rows), LANGUAGES), path, FACT_EFFECTS, FACTS)
    return path


def test_neurons_by_layer_have_a_panel_a_language_and_one_for_all(tmp_path):
    figure = draw("fact_neurons", {"layers": layers(tmp_path / "layers")})
    panels = [axes for axes in figure.axes if axes.get_title(loc="left")]
    # Numbers over all layers: 1 + … + 6 in each language, and 6 times 1.
    titles = [axes.get_title(loc="left") for axes in panels]
    assert titles == [
        "English: 21.0 neurons",
        "Chinese: 21.0 neurons",
        "Language-agnostic: 6.0 neurons",
    ]
    assert [len(axes.lines) for axes in panels] == [1, 1, 2]
    assert panels[2].lines[1].get_ydata().tolist() == [0.5] * 6
    assert panels[0].lines[0].get_ydata().tolist() == [1, 2, 3, 4, 5, 6]
    tops = [axes.get_ylim()[1] for axes in panels]
    assert tops[0] == tops[1] > tops[2]  # one scale for languages, another for what they share
    # Bands do not go below 0.
    band = panels[0].collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == 0.0
    notes = figure.get_supxlabel()
    assert "English 12, Chinese 11, several languages 10" in notes.replace("\n", " ")


def test_without_facts_of_two_languages_there_is_no_panel_for_all(tmp_path):
    figure = draw("fact_neurons", {"layers": layers(tmp_path / "layers", False, None)})
    panels = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert len(panels) == 2
    assert "Bands" not in figure.get_supxlabel()
    assert "Dotted" not in figure.get_supxlabel()
    empty = tmp_path / "empty"
    write_table(pd.DataFrame(columns=FACT_LAYERS.names), empty, FACT_LAYERS, FACTS)
    with pytest.raises(InputError, match="the model knows no fact in any of the languages"):
        draw("fact_neurons", {"layers": empty})


def test_edits_are_beside_other_facts_and_random_neurons(tmp_path):
    figure = draw("fact_edits", {"effects": effects(tmp_path / "effects")})
    panels = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left") for axes in panels] == [
        "suppressed, to the baseline", "enhanced, doubled",
    ]  # fmt: skip
    own, others, random, _ = panels[0].lines
    assert own.get_ydata().tolist() == pytest.approx([-1.55] * 3)
    assert others.get_ydata().tolist() == pytest.approx([-0.1] * 3)
    assert random.get_ydata().tolist() == pytest.approx([0.275] * 3)
    assert [label.get_text() for label in panels[0].get_xticklabels()] == ["en", "zh", "mean"]
    notes = figure.get_supxlabel().replace("\n", " ")
    assert "en English 12, 4.0, zh Chinese 12, 4.0; mean 12, 4.0" in notes
    assert texts(panels[0]) == []


def test_no_edits_are_said(tmp_path):
    write_table(pd.DataFrame(columns=FACT_EFFECTS.names), tmp_path / "e", FACT_EFFECTS, FACTS)
    with pytest.raises(InputError, match="no fact has neurons that agree over phrasings"):
        draw("fact_edits", {"effects": tmp_path / "e"})


def test_the_table_has_a_row_per_edit_and_language(tmp_path):
    path = effects(tmp_path / "effects")
    layout = lay_out(make(path), path)
    assert layout.cells["language"].tolist() == ["English", "Chinese", "mean"] * 2
    assert layout.cells["own answer"].iloc[0].startswith("−1.55 [−1.78, −1.32]")
    assert layout.cells["own less random"].iloc[2].startswith("−1.82 ")
    assert "2 draws" in layout.notes[1]
