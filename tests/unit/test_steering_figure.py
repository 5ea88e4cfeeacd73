"""The steering figure: what stands in its cells, languages without neurons, valid files."""

from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from PIL import Image

from langneurons.artifacts.tables import write_table
from langneurons.errors import InputError
from langneurons.figures.frame import draw_figure, render
from langneurons.figures.style import describe
from langneurons.interventions.schemas import STEERING

PARAMETERS = {
    "set": "specific", "raise_to": 0.95, "modes": ["set"], "factors": [3], "max_new_tokens": 48,
}  # fmt: skip
FACTS = {"pivot": "en", "parameters": PARAMETERS}


def steerings():
    """English, German and Swahili, which has no neurons."""
    rows = []
    for kind in ("none", "steered", "control"):
        for source in ("en", "de", "sw"):
            for target in ("en", "de", "sw"):
                if source == target:
                    continue
                bare = kind != "none" and "sw" in (source, target)
                share = 0.25 if kind == "steered" else 0.0
                rows.append(
                    {
                        "intervention": kind, "source": source, "target": target, "lowered": 3,
                        "raised": 0 if target == "sw" else 40, "n": 0 if bare else 8,
                        "in_target": None if bare else share,
                        "in_source": None if bare else 1 - share,
                        "in_pivot": None if bare else share if target == "en" else 1 - share,
                        "nll": 0.5, "nll_change": None if bare else 4 * share,
                        "nll_change_low": None if bare else share - 0.1,
                        "nll_change_high": None if bare else 5 * share,
                        "mode": None if kind == "none" else "set",
                        "factor": None if kind == "none" else 3.0,
                        "repetition": None if bare else 0.5,
                        "unfinished": None if bare else 1,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=STEERING.names).infer_objects()


@pytest.fixture
def inputs(tmp_path):
    write_table(steerings(), tmp_path / "table", STEERING, FACTS)
    return {"steering": tmp_path / "table"}


@pytest.fixture
def figure(inputs):
    return render("steering", inputs, "Tiny", {}).figure


def panel(figure, line, kind):
    """Axes of a line's panel: its label stands above the first of its line."""
    titles = {"steered": 0, "random control": 1, "no intervention": 2}
    axes = [axes for axes in figure.axes if axes.get_title(loc="left")]
    return axes[line * 3 + titles[kind]]


def test_shares_are_drawn_in_percent(figure):
    texts = [text.get_text() for text in panel(figure, 0, "steered").texts]
    # English: to German 25 %, to Swahili nothing measured; Swahili's row has no numbers.
    assert texts == ["", "25", "–", "25", "", "–", "", "", "", "no neurons"]
    source = [text.get_text() for text in panel(figure, 1, "no intervention").texts]
    assert source == ["", "100", "100", "100", "", "100", "100", "100", ""]
    names = [label.get_text() for label in panel(figure, 0, "steered").get_yticklabels()]
    assert names == ["English (40)", "German (40)", "Swahili (0)"]
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert "answers in English\nsteered" in titles


def test_changes_of_nll_fade_where_the_interval_contains_0(figure):
    axes = panel(figure, 4, "steered")
    assert [text.get_text() for text in axes.texts][1] == "+1.0"
    opacity = axes.collections[0].get_alpha()
    assert opacity[0, 1] == 1
    control = panel(figure, 4, "random control").collections[0].get_alpha()
    assert control[0, 1] < 1
    assert np.isnan(axes.collections[0].get_array().filled(np.nan)[2].astype(float)).all()


def test_the_caption_and_the_files(inputs, tmp_path):
    outputs = {kind: tmp_path / f"figure.{kind}" for kind in ("png", "pdf")}
    draw_figure("steering", inputs, outputs, "Tiny", {"dpi": 60})
    assert imread(outputs["png"]).std() > 0.01
    assert outputs["pdf"].read_bytes().startswith(b"%PDF-")
    page = render("steering", inputs, "Tiny", {})
    text = describe(page.heading, page.notes)
    with Image.open(outputs["png"]) as image:
        assert image.text["Description"] == text
    assert "0.95 quantile of their activations in that language, times 3" in text
    assert "n = 8 problems a language asked in." in text
    assert "Not ended within 48 tokens: 2 of 16 steered and 2 of 16 control answers." in text


def test_an_empty_table_is_refused(tmp_path):
    write_table(steerings()[:0], tmp_path / "table", STEERING, FACTS)
    with pytest.raises(InputError, match="no steered pair"):
        render("steering", {"steering": tmp_path / "table"}, "Tiny", {})


def several_doses(languages, factors, modes=("set",)):
    """All pairs of languages in all modes at all factors, with values of the most letters."""
    cells = [
        (kind, source, target, *dose)
        for kind in ("none", "steered", "control")
        for source, target in permutations(languages, 2)
        for dose in ([(None, None)] if kind == "none" else product(modes, factors))
    ]
    table = pd.DataFrame(cells, columns=["intervention", "source", "target", "mode", "factor"])
    return table.assign(
        lowered=3, raised=40, n=8, in_target=0.25, in_source=0.5, in_pivot=0.25, nll=0.5,
        nll_change=1.5, nll_change_low=1.0, nll_change_high=2.0, repetition=0.5, unfinished=1,
    ).reindex(columns=STEERING.names)  # fmt: skip


@pytest.mark.parametrize(
    ("languages", "factors", "lines"),
    [
        ("en de", [1.0, 2.5], 2),
        ("en de zh th", [1.0, 2.0], 1),
        ("en de zh th", [0.5, 1.0, 2.0], 2),
        ("en es fr de ru zh ja th sw bn", [1.0, 2.0], 2),
    ],
)
def test_several_factors_stand_side_by_side_as_far_as_they_can_be_read(
    tmp_path, languages, factors, lines
):
    facts = {**FACTS, "parameters": {**PARAMETERS, "factors": factors}}
    table = several_doses(languages.split(), factors)
    write_table(table, tmp_path / "table", STEERING, facts)
    panels, named = drawn_panels(tmp_path / "table")
    for factor in factors:
        # One for each of five measures.
        assert named.count(f"steered × {factor:g}") == 5
        assert named.count(f"random control × {factor:g}") == 5
    assert named.count("no intervention") == 4  # it is what NLL changes from
    rows = {axes.get_position().y0 for axes in panels}
    assert len(rows) == 5 * lines
    check_titles(panels)


@pytest.mark.parametrize("languages", ["en de", "en de zh th"])
def test_each_mode_has_its_panels(tmp_path, languages):
    modes, factors = ["add", "scale"], [0.5, 2.0]
    facts = {**FACTS, "parameters": {**PARAMETERS, "factors": factors, "modes": modes}}
    table = several_doses(languages.split(), factors, modes)
    # The share of answers in the target language tells the panels apart.
    table.loc[table["mode"] == "scale", "in_target"] = 0.75
    write_table(table, tmp_path / "table", STEERING, facts)
    panels, named = drawn_panels(tmp_path / "table")
    for dose in ("add × 0.5", "add × 2", "scale × 0.5", "scale × 2"):
        share = panels[named.index(f"steered, {dose}")].texts[1].get_text()
        assert share == ("25" if dose.startswith("add") else "75")
        assert named.count(f"steered, {dose}") == named.count(f"random control, {dose}") == 5
    check_titles(panels)
    caption = " ".join(render("steering", {"steering": tmp_path / "table"}, "Tiny", {}).notes)
    assert (
        "those of the language steered to raised by the 0.95\u00a0quantile of their activations in "
        "that language, times 0.5 or 2 (add); or multiplied by 0.5 or 2 (scale). Random"
    ) in caption


def drawn_panels(path):
    """The panels of a figure and the last lines of their titles."""
    figure = render("steering", {"steering": path}, "Tiny", {}).figure
    figure.draw_without_rendering()
    panels = [axes for axes in figure.axes if axes.get_title(loc="left")]
    return panels, [axes.get_title(loc="left").split("\n")[-1] for axes in panels]


def check_titles(panels):
    """Titles stand beside one another without touching, and numbers can be read."""
    for y in {axes.get_position().y0 for axes in panels}:
        beside = sorted(
            (axes for axes in panels if axes.get_position().y0 == y),
            key=lambda axes: axes.get_position().x0,
        )
        # The label of a measure may reach across the titles, which stand below it.
        ends = [title_end(axes) for axes in beside]
        starts = [axes.get_window_extent().x0 for axes in beside]
        assert all(end < start for end, start in zip(ends, starts[1:], strict=False))
    assert min(text.get_fontsize() for axes in panels for text in axes.texts) > 4


def title_end(axes):
    """Where the last line of a panel's title ends, in pixels."""
    last = axes.get_title(loc="left").split("\n")[-1]
    text = axes.text(0, 0, last, fontsize=7)
    width = text.get_window_extent().width
    text.remove()
    return axes.get_window_extent().x0 + width
