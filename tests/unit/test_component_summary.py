"""Effects of components off and of neurons trained alone, worked out by hand."""

import numpy as np
import pytest
from component_cases import effects
from deactivation_cases import LANGUAGES

from langneurons.artifacts.tables import read_table, write_table
from langneurons.components.schemas import (
    COMPONENT_CELL,
    COMPONENT_CHANGES,
    COMPONENT_EFFECTS,
    COMPONENT_PROBLEMS,
    ENHANCEMENT,
    ENHANCEMENT_CHANGES,
    ENHANCEMENT_PROBLEMS,
)
from langneurons.components.summary import (
    effects_of,
    summarise_components,
    summarise_enhancement,
)

ROWS = [
    (("q", "all", "en"), None, 3, {"en": 0.5, "de": 0.1}),
    (("q", "all", "en"), 0, 3, {"en": 0.2}),
    (("q", "all", "en"), 1, 3, {"en": 0.1, "de": 0.4}),
    (("q", "all", "de"), None, 5, {"de": 0.3, "en": 0.3}),
    (("q", "all", "de"), 0, 5, {}),
    (("all", "generation", "de"), None, 9, {"de": 1.0}),
]


def test_effects_by_hand():
    table = effects_of(effects(ROWS), COMPONENT_CELL, ["neurons"])
    found = table[table["component"] == "q"].set_index("language")
    row = found.loc["en"]
    assert (row["neurons"], row["languages"], row["problems"]) == (3, 1, 12)
    # The noise of ±0.01 has mean 0 over twelve problems.
    assert row["own"] == pytest.approx(0.5)
    assert row["others"] == pytest.approx(0.1)
    assert row["random_own"] == pytest.approx(0.15)
    assert row["random_others"] == pytest.approx(0.2)
    assert row["own_less_others"] == pytest.approx(0.4)
    assert row["own_less_random"] == pytest.approx(0.35)
    # Student's t with 11 degrees of freedom: 2.200985 · 0.01 · √(12/11) / √12.
    half = 2.200985 * 0.01 * np.sqrt(12 / 11) / np.sqrt(12)
    assert row["own_high"] - row["own"] == pytest.approx(half, rel=1e-6)
    assert row["own_less_random_high"] == pytest.approx(row["own_less_random"])  # paired
    mean = found[found.index.isna()].iloc[0]
    assert (mean["neurons"], mean["languages"]) == (8, 2)
    assert mean["own"] == pytest.approx(0.4)
    assert mean["own_less_random"] == pytest.approx(0.325)
    late = table[table["stage"] == "generation"]
    assert late["language"].fillna("mean").tolist() == ["de", "mean"]
    assert late["random_own"].isna().all()


def test_tables_are_written_in_the_order_of_components_stages_and_languages(tmp_path):
    write_table(effects(ROWS), tmp_path / "problems", COMPONENT_PROBLEMS, {"a": 1})
    outputs = {"effects": tmp_path / "effects", "changes": tmp_path / "changes"}
    summarise_components(tmp_path / "problems", outputs, ["all", "q"], LANGUAGES)
    table = read_table(outputs["effects"], COMPONENT_EFFECTS)
    assert table["component"].tolist() == ["all", "all", "q", "q", "q"]
    assert table["language"].fillna("mean").tolist() == ["mean", "de", "mean", "en", "de"]
    changes = read_table(outputs["changes"], COMPONENT_CHANGES)
    rows = changes[changes["component"] == "q"]
    assert list(zip(rows["language"], rows["target"], strict=True)) == [
        ("en", "en"), ("en", "de"), ("de", "en"), ("de", "de"),
    ]  # fmt: skip
    assert rows["change"].tolist() == pytest.approx([0.5, 0.1, 0.3, 0.3])
    assert rows["random"].tolist() == pytest.approx([0.15, 0.2, 0, 0])
    assert rows["less_random"].tolist() == pytest.approx([0.35, -0.1, 0.3, 0.3])


def test_enhancement_has_effects_too(tmp_path):
    rows = [
        (("en",), None, 3, {"en": -0.5, "de": 0.1}),
        (("en",), 0, 3, {"en": -0.2}),
        (("de",), None, 5, {"de": -0.3}),
    ]
    problems = effects(rows, problems=9, columns=("language",))
    problems = problems.assign(tokens=np.where(problems["language"].isna(), 0, 70))
    write_table(problems, tmp_path / "problems", ENHANCEMENT_PROBLEMS)
    outputs = {"effects": tmp_path / "effects", "changes": tmp_path / "changes"}
    summarise_enhancement(tmp_path / "problems", outputs, LANGUAGES)
    table = read_table(outputs["effects"], ENHANCEMENT)
    assert table["language"].fillna("mean").tolist() == ["mean", "en", "de"]
    # The noise of nine problems has mean 0.01 / 9.
    assert table["own"].tolist() == pytest.approx([-0.4, -0.5, -0.3], abs=0.002)
    assert table[["neurons", "tokens"]].to_numpy().tolist() == [[8, 140], [3, 70], [5, 70]]
    assert table["own_low"].isna().all()  # nine problems
    changes = read_table(outputs["changes"], ENHANCEMENT_CHANGES)
    assert changes["change"].tolist() == pytest.approx([-0.5, 0.1, 0, -0.3], abs=0.002)


def test_nothing_switched_off_is_an_empty_table(tmp_path):
    write_table(effects([]), tmp_path / "problems", COMPONENT_PROBLEMS)
    outputs = {"effects": tmp_path / "effects", "changes": tmp_path / "changes"}
    summarise_components(tmp_path / "problems", outputs, ["all"], LANGUAGES)
    assert read_table(outputs["effects"], COMPONENT_EFFECTS).empty
    assert read_table(outputs["changes"], COMPONENT_CHANGES).empty
