"""Claims about steering and about neurons by relevance, on tables that come out each way."""

import numpy as np
import pandas as pd
import pytest
from test_dose_summary import rows_of
from test_steering_doses import answers

from langneurons.claims.selections import relevance_finding, steering_findings
from langneurons.claims.verdicts import CONTRADICTED, INCONCLUSIVE, NOT_TESTED, SUPPORTED, judge

STEERS, ADDING = "raised_neurons_steer", "adding_beats_setting"
PAIR, N = ("en", "de"), 40


def steered(shares, intervention="steered", mode="set", factor=1.0, repetition=0.0):
    """Answers of which a share is German, on the first half of the problems and on the second."""
    half = N // 2
    found = [i < round(share * half) for share in shares for i in range(half)]
    languages = ["de" if one else "en" for one in found]
    seed = 0 if intervention == "control" else None
    return answers(intervention, PAIR, languages, mode, factor, seed, repetition=repetition)


def judged(*cells, most=0.2):
    none = answers("none", ("en", None), ["en"] * N)
    found = steering_findings(pd.concat([none, *cells], ignore_index=True), most)
    return judge(found).set_index("claim")


def test_the_factor_is_chosen_on_one_half_and_measured_on_the_other():
    table = judged(
        steered([0.9, 0.5]),
        steered([0.2, 1.0], factor=2.0),  # better, but not where it is chosen
        steered([0.1, 0.1], "control"),
        steered([0.0, 0.7], "control", factor=2.0),
    )
    assert table.loc[STEERS, "estimate"] == pytest.approx(0.5 - 0.1)
    assert table.loc[STEERS, "verdict"] == SUPPORTED
    assert table.loc[ADDING, "verdict"] == NOT_TESTED
    assert "steering.mode" in table.loc[ADDING, "reason"]


def test_raised_neurons_may_do_no_more_than_random_ones():
    table = judged(steered([0.5, 0.5]), steered([0.5, 0.5], "control"))
    assert table.loc[STEERS, "verdict"] == CONTRADICTED
    alone = judged(steered([0.5, 0.5]))
    assert "steering.control_seeds" in alone.loc[STEERS, "reason"]


@pytest.mark.parametrize(
    ("adding", "setting", "expected"),
    [(0.9, 0.4, SUPPORTED), (0.4, 0.9, CONTRADICTED), (0.5, 0.55, INCONCLUSIVE)],
)
def test_adding_against_setting(adding, setting, expected):
    cells = [steered([adding] * 2, mode="add"), steered([setting] * 2)]
    table = judged(*cells, steered([0, 0], "control"), steered([0, 0], "control", "add"))
    assert table.loc[ADDING, "estimate"] == pytest.approx(adding - setting)
    assert table.loc[ADDING, "verdict"] == expected


def test_answers_that_repeat_themselves_do_not_count():
    cells = [steered([0.5, 0.5], mode="add"), steered([0.9, 0.9], repetition=0.2)]
    cells += [steered([0, 0], "control"), steered([0, 0], "control", "add")]
    table = judged(*cells)
    assert table.loc[ADDING, "estimate"] == 0.5
    assert judged(*cells, most=0.3).loc[ADDING, "estimate"] == pytest.approx(-0.4)


def test_what_was_not_steered_is_not_tested():
    assert set(judge(steering_findings(None, 1.0))["reason"]) == {
        "not measured with these neurons: section steering"
    }
    unmeasured = steered([0.5, 0.5]).assign(response=None)
    assert "no pair of languages" in judged(unmeasured).loc[STEERS, "reason"]


def doses(own, others, size=4, neurons=4):
    """`DOSE_PROBLEMS` of English by two methods, each with its NLL in English and in German."""
    zero = [0.0] * 12
    noise = np.linspace(-0.01, 0.01, 12)
    rows = rows_of((None, None, None, None, 0), {"en": zero, "de": zero})
    for method, count in {"relevance": neurons, "ternary": 4}.items():
        cell = (method, "en", size, None, count)
        rows += rows_of(cell, {"en": own[method] + noise, "de": [others[method]] * 12})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("relevance", "expected"), [(1.5, SUPPORTED), (0.5, CONTRADICTED)])
def test_relevance_against_activation(relevance, expected):
    table = doses({"relevance": relevance, "ternary": 1.2}, {"relevance": 0.1, "ternary": 0.2})
    row = judge([relevance_finding(table, "ternary")]).iloc[0]
    assert row["claim"] == "relevance_more_selective_than_ternary"
    assert row["estimate"] == pytest.approx((relevance - 0.1) - (1.2 - 0.2))
    assert row["verdict"] == expected


def test_relevance_needs_as_many_neurons_by_both():
    table = doses({"relevance": 1.0, "ternary": 1.0}, {"relevance": 0, "ternary": 0}, neurons=3)
    reasons = {
        "no language has as many": relevance_finding(table, "ternary"),
        "relevance and lape": relevance_finding(table, "lape"),
        "section doses": relevance_finding(None, "ternary"),
    }
    for reason, found in reasons.items():
        row = judge([found]).iloc[0]
        assert row["verdict"] == NOT_TESTED
        assert reason in row["reason"]


def test_sizes_that_one_method_alone_has_do_not_count():
    small = doses({"relevance": 1.0, "ternary": 1.2}, {"relevance": 0.0, "ternary": 0.0})
    large = doses(
        {"relevance": 9.0, "ternary": 3.0}, {"relevance": 0.0, "ternary": 0.0}, size=8, neurons=8
    )
    table = pd.concat([small, large[large["method"].notna()]], ignore_index=True)
    row = judge([relevance_finding(table, "ternary")]).iloc[0]
    assert row["estimate"] == pytest.approx(-0.2)
