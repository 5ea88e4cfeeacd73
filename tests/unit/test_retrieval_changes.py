"""Changes of retrieval and losses, their intervals, and what is drawn and written of them."""

import numpy as np
import pandas as pd
import pytest
from figure_cases import draw

from langneurons.artifacts.tables import read_table, write_table
from langneurons.errors import InputError
from langneurons.retrieval.changes import retrieval_change, write_retrieval_change
from langneurons.retrieval.schemas import LOSSES, PARTNERS, RETRIEVAL_CHANGE
from langneurons.tables import alignment_check
from langneurons.uncertainty.resampling import draw_weights

LANGUAGES = ["en", "de", "sw", "th"]
PROBLEMS = [f"p{i}" for i in range(12)]


def partners(found, problems=PROBLEMS):
    """Partners; ``found``: language → for each layer, how many of the first problems are found."""
    rows = [
        (language, layer, problem, index < number, 1 if index < number else 2)
        for language, numbers in found.items()
        for layer, number in enumerate(numbers)
        for index, problem in enumerate(problems)
    ]
    return pd.DataFrame(rows, columns=PARTNERS.names)


def losses(**by_measure):
    """Losses; measure → language → the loss of each problem."""
    rows = [
        (measure, language, problem, nll, 5)
        for measure, by_language in by_measure.items()
        for language, values in by_language.items()
        for problem, nll in zip(PROBLEMS, values, strict=False)
    ]
    return pd.DataFrame(rows, columns=LOSSES.names)


BEFORE = {
    "partners": partners({"de": [3, 6], "sw": [0, 3], "th": [0, 0]}),
    "losses": losses(text={"en": [1.0, 3.0], "de": [2.0, 4.0], "sw": [3, 3], "th": [3, 3]},
                     to_pivot={"de": [2.0, None], "sw": [1.0, 1.0], "th": [1, 1]}),
}  # fmt: skip
AFTER = {
    "partners": partners({"de": [3, 9], "sw": [3, 6], "th": [0, 12]}),
    "losses": losses(text={"en": [1.0, 2.0], "de": [2.0, 4.0], "sw": [3, 3], "th": [3, 3]},
                     to_pivot={"de": [1.0, 8.0], "sw": [1.0, 0.0], "th": [1, 1]}),
}  # fmt: skip


def change(before=BEFORE, after=AFTER, replicates=0):
    return retrieval_change(before, after, LANGUAGES, "en", ["de", "sw"], replicates, 0)


def cells(table, measure, layer=None):
    rows = table[table["measure"] == measure]
    rows = rows[rows["layer"].isna() if layer is None else rows["layer"] == layer]
    return {
        (row.group, None if pd.isna(row.language) else row.language): (
            row.n,
            round(row.before, 6),
            round(row.after, 6),
            round(row.change, 6),
        )
        for row in rows.itertuples()
    }


def test_shares_of_found_partners_by_layer_language_and_group():
    table = change()
    # Of 12 problems, at layer 1: German 6 → 9, Swahili 3 → 6, Thai 0 → 12; of 24, 9 → 15.
    assert cells(table, "retrieval", 1) == {
        ("trained", "de"): (12, 0.5, 0.75, 0.25),
        ("trained", "sw"): (12, 0.25, 0.5, 0.25),
        ("other", "th"): (12, 0, 1, 1),
        ("trained", None): (24, 0.375, 0.625, 0.25),
        ("other", None): (12, 0, 1, 1),
    }
    # The mean over both layers: German (3 + 6) / 24 and (3 + 9) / 24.
    over = cells(table, "retrieval")
    assert over["trained", "de"] == (12, 0.375, 0.5, 0.125)
    assert over["trained", None] == (24, 0.25, 0.4375, 0.1875)


def test_losses_by_language_and_group_over_the_texts_that_both_have():
    table = change()
    found = cells(table, "text")
    assert found["pivot", "en"] == (2, 2.0, 1.5, -0.5)
    assert found["trained", None] == (4, 3.0, 3.0, 0)
    found = cells(table, "to_pivot")
    # German's second text has no loss before; with Swahili: (2 + 1 + 1) / 3 and (1 + 1 + 0) / 3.
    assert found["trained", "de"] == (1, 2.0, 1.0, -1.0)
    assert found["trained", None] == (3, 1.333333, 0.666667, -0.666667)
    assert ("pivot", "en") not in found
    assert "from_pivot" not in set(table["measure"])
    # Two texts are too few for an interval, and without replicates there is none.
    assert table["change_low"].isna().all()


def test_intervals_lie_around_the_estimate_by_t_and_the_spread_of_paired_draws():
    table = change(replicates=50)
    row = table[(table["language"] == "de") & (table["layer"] == 1)].iloc[0]
    values = np.array([6 * [1] + 6 * [0], 9 * [1] + 3 * [0]])
    draws = draw_weights(np.ones(12, dtype=bool), 50, 0)
    sd = ((values[1] - values[0]) @ draws.T / 12).std(ddof=1)
    # t with 11 degrees of freedom at 97.5 %: 2.200985.
    assert row["change_low"] == pytest.approx(0.25 - 2.200985 * sd, abs=1e-6)
    assert row["change_high"] == pytest.approx(0.25 + 2.200985 * sd, abs=1e-6)
    sd = (values[0] @ draws.T / 12).std(ddof=1)
    assert row["before_low"] == pytest.approx(0.5 - 2.200985 * sd, abs=1e-6)
    retrieval = table[table["measure"] == "retrieval"]
    assert retrieval[["before_low", "after_low"]].min(axis=None) == 0  # it is a share
    assert retrieval[["before_high", "after_high"]].max(axis=None) == 1
    # Losses of two problems: too few.
    assert table.loc[table["measure"] == "text", "change_low"].isna().all()


@pytest.mark.parametrize(
    ("after", "message"),
    [
        ({**AFTER, "partners": partners({"de": [1], "sw": [1], "th": [1]})},
         "the models have 1 and 0 layers; expected as many"),
        ({**AFTER, "partners": partners({"de": [1, 1], "sw": [1, 1], "th": [1, 1]}, PROBLEMS[1:])},
         r"different texts: problem 'p0' in \w\w was measured \(retrieval\) in one of them only"),
        ({**AFTER, "losses": AFTER["losses"].iloc[1:]},
         r"different texts: problem 'p0' in en was measured \(text\)"),
        ({**AFTER, "losses": AFTER["losses"].iloc[:0]}, r"was measured \(text\)"),
    ],
)  # fmt: skip
def test_models_that_were_measured_differently_are_not_compared(after, message):
    with pytest.raises(InputError, match=message):
        change(after=after)


@pytest.fixture
def comparisons(tmp_path):
    """The changes to an aligned model and to its control."""
    paths = {}
    for name, side in {"base": BEFORE, "aligned": AFTER, "shuffled": BEFORE}.items():
        paths[name] = {"partners": tmp_path / f"{name}.p", "losses": tmp_path / f"{name}.l"}
        write_table(side["partners"], paths[name]["partners"], PARTNERS)
        write_table(side["losses"], paths[name]["losses"], LOSSES)
    outputs = []
    for after, control in (("aligned", None), ("shuffled", "shuffled")):
        outputs.append(tmp_path / f"{after}.parquet")
        write_retrieval_change(
            paths["base"],
            paths[after],
            LANGUAGES,
            "en",
            ["de", "sw"],
            ("base", after),
            {"replicates": 20, "seed": 0},
            outputs[-1],
            control,
        )
    return outputs


def test_a_written_change_is_read_as_it_was(comparisons):
    table = read_table(comparisons[0], RETRIEVAL_CHANGE)
    assert cells(table, "retrieval", 1) == cells(change(), "retrieval", 1)
    assert table["layer"].isna().sum() == 5 + 6 + 5


def test_models_that_were_measured_differently_are_named(comparisons, tmp_path):
    write_table(AFTER["partners"].iloc[1:], tmp_path / "aligned.p", PARTNERS)
    sides = [
        {"partners": tmp_path / f"{name}.p", "losses": tmp_path / f"{name}.l"}
        for name in ("base", "aligned")
    ]
    facts = {"names": ("base", "aligned"), "uncertainty": {"replicates": 2, "seed": 0}}
    with pytest.raises(InputError, match=r"base\.p, .*aligned\.p: the models read different"):
        write_retrieval_change(
            *sides, languages=LANGUAGES, pivot="en", trained=[], output=tmp_path / "x", **facts
        )


def test_a_panel_for_each_language_has_a_line_for_each_model(comparisons):
    figure = draw("retrieval", {"changes": comparisons})
    panels = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title(loc="left") for axes in panels] == [
        "German (trained)", "Swahili (trained)", "Thai",
    ]  # fmt: skip
    chance, *lines = panels[0].get_lines()
    assert list(chance.get_ydata()) == [1 / 12, 1 / 12]
    assert [list(line.get_ydata()) for line in lines] == [[0.25, 0.5], [0.25, 0.75], [0.25, 0.5]]
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 3
    assert len(panels[0].collections) == 3  # bands
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == ["before: base", "after: aligned", "control, shuffled: shuffled"]
    assert "n\u00a0=\u00a012 texts in English" in figure.get_supxlabel().replace("\n", " ")


def test_without_intervals_there_are_no_bands(tmp_path, comparisons):
    table = read_table(comparisons[0], RETRIEVAL_CHANGE)
    ends = [name for name in table.columns if name.endswith(("_low", "_high"))]
    facts = {"before": "base", "after": "aligned", "pivot": "en", "trained": [], "control": None}
    write_table(table.assign(**dict.fromkeys(ends)), tmp_path / "x", RETRIEVAL_CHANGE, facts)
    figure = draw("retrieval", {"changes": [tmp_path / "x"]})
    panel = next(axes for axes in figure.axes if axes.axison)
    assert not panel.collections
    assert "Bands" not in figure.get_supxlabel()


def test_the_table_has_a_row_for_each_measure_and_language(comparisons):
    table = alignment_check.make(comparisons)
    assert list(table.columns[:5]) == [
        "before_model",
        "after_model",
        "measure",
        "group",
        "language",
    ]
    assert len(table) == 2 * (5 + 6 + 5)
    layout = alignment_check.lay_out(table, comparisons)
    written = layout.cells
    assert list(written.columns) == [
        "measure", "language", "before", "after", "Δ after [95 %]", "control", "Δ control [95 %]",
    ]  # fmt: skip
    assert written["language"].tolist()[:5] == [
        "• German", "• Swahili", "Thai", "all trained", "all others",
    ]  # fmt: skip
    first = written.iloc[0]
    assert (first["before"], first["after"], first["control"]) == ("37.5", "50.0", "37.5")
    assert first["Δ after [95 %]"].startswith("+12.5 [")
    assert first["Δ control [95 %]"] == "0.0 [0.0, 0.0]"
    english = written[written["measure"] == "loss of texts"].iloc[0]
    assert list(english) == ["loss of texts", "English", "2.00", "1.50", "−0.50", "2.00", "0.00"]
    assert "translation loss into English" in set(written["measure"])
    assert layout.notes[0] == "Before: base; after: aligned; control: shuffled (shuffled)."
    assert "partners found, %: n = 12; loss of texts: n = 2" in layout.notes[-1]
