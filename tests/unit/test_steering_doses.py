"""Steering by mode and factor: means worked by hand, the best factor, and the figure."""

import numpy as np
import pandas as pd
import pytest

from langneurons.artifacts.tables import read_table, write_table
from langneurons.errors import InputError
from langneurons.figures.frame import render
from langneurons.interventions.schemas import STEERING_DOSES
from langneurons.interventions.steering_doses import doses_of

DOSE = ["intervention", "mode", "factor", "half"]


def answers(intervention, pair, languages, mode=None, factor=None, seed=None, **measures):
    """Answers of a cell to problems p0, p1, …."""
    source, target = pair
    rows = pd.DataFrame({"response_language": languages})
    return rows.assign(
        intervention=intervention, source=source, target=target, mode=mode, factor=factor,
        control_seed=seed, problem=[f"p{i}" for i in range(len(rows))], response="text",
        **{"nll": 1.0, "repetition": 0.1, **measures},
    )  # fmt: skip


def table_of(*cells, most=0.2, replicates=0):
    return (
        doses_of(pd.concat(cells, ignore_index=True), most, replicates, 0)
        .set_index(DOSE)
        .sort_index()
    )


EN, DE = ["en"] * 4, ["de"] * 4
NONE = [answers("none", ("en", None), EN), answers("none", ("de", None), DE)]


def test_means_over_pairs_and_halves_by_hand():
    found = table_of(
        *NONE,
        # 3/4 and 1/4 in the target language; on the first half 1 and 1/2, on the second 1/2 and 0.
        answers("steered", ("en", "de"), ["de", "de", "de", "en"], "set", 1.0, nll=[1, 2, 3, 4]),
        answers("steered", ("de", "en"), ["en", "de", "de", "fr"], "set", 1.0, nll=[1, 1, 1, None]),
        # Two controls: 1/4 and 0, of which one is the mean; and 0.
        answers("control", ("en", "de"), ["de", "en", "en", "en"], "set", 1.0, 0),
        answers("control", ("en", "de"), EN, "set", 1.0, 1),
        answers("control", ("de", "en"), DE, "set", 1.0, 0),
        answers("control", ("de", "en"), DE, "set", 1.0, 1),
    )
    steered = found.loc[("steered", "set", 1.0)]
    assert steered["in_target"].to_dict() == {"all": 0.5, "first": 0.75, "second": 0.25}
    # (1 + 2 + 3 + 4) / 4 = 2.5 and, of three answers, 1.
    assert steered["nll"].to_dict() == {"all": 1.75, "first": 1.25, "second": 2.25}
    assert found.loc[("control", "set", 1.0, "all"), "in_target"] == (1 / 8 + 0) / 2
    none = found.xs("none").xs("all", level="half").iloc[0]
    assert none[["in_target", "pairs", "problems"]].tolist() == [0, 2, 4]
    assert found["problems"].groupby("half").first().to_dict() == {
        "all": 4, "first": 2, "second": 2,
    }  # fmt: skip
    # Without replicates there are no intervals.
    assert found[["in_target_low", "nll_high"]].isna().all(axis=None)


def test_the_best_factor_is_chosen_on_the_first_half_alone():
    def at(factor, languages, repetition, mode="add"):
        pair = ("en", "de")
        return answers("steered", pair, languages, mode, factor, repetition=repetition)

    found = table_of(
        NONE[0],
        at(1.0, ["de", "en", "de", "de"], 0.1),  # 1/2 on the first half, and on both 3/4
        at(2.0, ["de", "de", "en", "en"], [0.1, 0.2, 0.9, 0.9]),  # 1, on both 1/2
        at(3.0, ["de", "de", "de", "de"], [0.1, 0.2, 0, 0]),  # as much, at a higher factor
        at(4.0, ["de", "de", "de", "de"], [0.2, 0.2, 0, 0]),  # not below 1/5
        at(1.0, ["de", "de", "de", "de"], 0.3, "scale"),  # in no way below 1/5
        answers("control", ("en", "de"), EN, "add", 2.0, 0),
    )
    chosen = found[found["chosen"]].reset_index()
    assert set(zip(chosen["intervention"], chosen["mode"], chosen["factor"], strict=True)) == {
        ("steered", "add", 2.0), ("control", "add", 2.0),
    }  # fmt: skip
    assert chosen["half"].tolist() == ["all", "first", "second"] * 2
    # What is reported owes nothing to the choice.
    assert found.loc[("steered", "add", 2.0, "second"), "in_target"] == 0
    with_more = table_of(NONE[0], at(1.0, DE, 0.3, "scale"), most=0.31)
    assert with_more.loc["steered", "chosen"].all()
    # At no factor is an answer of the first half in German.
    in_vain = table_of(NONE[0], at(1.0, EN, 0.1), at(2.0, ["en", "en", "de", "de"], 0.1))
    assert not in_vain["chosen"].any()


def test_a_problem_is_in_one_half_in_all_languages():
    # German lacks p0: p2 is the third of four in English, the second of three in German.
    # Its place: mean of 2/4 and 1/3 = 5/12, the first half; p1: mean of 1/4 and 0.
    english = answers("steered", ("en", "de"), DE, "set", 1.0)
    german = answers("steered", ("de", "en"), EN, "set", 1.0)
    found = table_of(english, german[german["problem"] != "p0"])
    assert found["problems"].xs("first", level="half").tolist() == [3]
    assert found["problems"].xs("second", level="half").tolist() == [1]


def test_intervals_are_over_problems():
    pairs = (("en", "de"), ("de", "en"))
    languages = ["de"] * 6 + ["en"] * 6
    cells = [answers("none", (pair[0], None), [pair[0]] * 12) for pair in pairs]
    # In all pairs a problem is either right or wrong: the spread is that of a share of 12 problems.
    for pair in pairs:
        given = languages if pair[1] == "de" else languages[::-1]
        right = np.array(given) == pair[1]
        order = np.argsort(~right, kind="stable")
        cells.append(answers("steered", pair, [given[i] for i in order], "set", 1.0))
    row = table_of(*cells, replicates=2000).loc[("steered", "set", 1.0, "all")]
    assert row["in_target"] == 0.5
    # Binomial(12, 1/2) / 12: 2.5 and 97.5 % are 3/12 and 9/12.
    assert row[["in_target_low", "in_target_high"]].tolist() == [3 / 12, 9 / 12]
    assert row[["nll_low", "nll_high"]].tolist() == pytest.approx([1, 1])


def test_pairs_without_neurons_are_left_out():
    bare = answers("steered", ("en", "de"), [None] * 4, "set", 1.0).assign(response=None)
    there = answers("steered", ("de", "en"), EN, "set", 1.0)
    found = table_of(*NONE, bare, there)
    assert set(found["pairs"]) == {1}
    assert found.loc[("steered", "set", 1.0, "all"), "in_target"] == 1
    assert table_of(*NONE, bare).empty


FACTS = {
    "pivot": "en",
    "max_repetition": 0.2,
    "parameters": {"set": "specific", "raise_to": 0.95, "modes": ["set", "add"], "factors": [1, 2]},
}


@pytest.fixture
def doses(tmp_path):
    """Two modes at two factors on ten problems, half of which are answered in the language."""
    half = ["de"] * 5 + ["en"] * 5
    cells = [answers("none", ("en", None), ["en"] * 10, nll=2.0)]
    for mode in ("set", "add"):
        for factor in (1.0, 2.0):
            languages = half if (mode, factor) == ("set", 1.0) else half[::-1]
            cells.append(answers("steered", ("en", "de"), languages, mode, factor, nll=2 + factor))
            cells.append(answers("control", ("en", "de"), ["en"] * 10, mode, factor, 0))
    table = doses_of(pd.concat(cells, ignore_index=True), 0.2, 100, 0)
    write_table(table, tmp_path / "doses", STEERING_DOSES, FACTS)
    return tmp_path / "doses"


def test_each_mode_is_a_line_with_its_control_dashed(doses):
    figure = render("steering_dose", {"doses": doses}, "Tiny", {}).figure
    panels = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left") for axes in panels] == [
        "answers in the language steered to", "NLL of the answers (nats/token)", "repeated 4-grams",
    ]  # fmt: skip
    # No intervention; then for each mode the line, a ring at its best factor, the control, no ring.
    level, *lines = panels[1].get_lines()
    assert set(level.get_ydata()) == {2.0}
    assert [line.get_linestyle() for line in lines] == ["-", "None", "--", "None"] * 2
    assert [line.get_ydata().tolist() for line in lines[::4]] == [[3, 4]] * 2
    assert [line.get_ydata().tolist() for line in lines[2::4]] == [[1, 1]] * 2
    # Beside one another, near their factors.
    assert all(0.95 < line.get_xdata()[0] < 1.1 for line in lines[::2])
    assert len({line.get_xdata()[0] for line in lines[::2]}) == 4
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == [
        "steered, set", "random control, set", "steered, add", "random control, add",
        "no intervention", "best factor on the first half",
    ]  # fmt: skip


def test_the_notes_name_the_best_factor_and_how_it_does_on_the_other_half(doses):
    # Set × 1 is all in the language on the first half, none on the second. With add, no answer of
    # the first half is.
    page = render("steering_dose", {"doses": doses}, "Tiny", {})
    note = " ".join(page.notes).replace("\u00a0", " ")
    assert (
        "where less than 20 % of the 4-grams repeat; on the second half, set × 1: 0 % in the "
        "language, 3.00 nats/token, 10 % repeated; add: none"
    ) in note
    assert "Means over 1 ordered pairs of languages, n = 10 problems." in note
    assert "add: factor × the value is added. Value: the 0.95 quantile of" in note
    assert "multiplied" not in note


def test_an_empty_table_is_refused(doses):
    write_table(read_table(doses, STEERING_DOSES)[:0], doses, STEERING_DOSES, FACTS)
    with pytest.raises(InputError, match="no steered pair"):
        render("steering_dose", {"doses": doses}, "Tiny", {})
