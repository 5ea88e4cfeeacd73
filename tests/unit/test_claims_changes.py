"""Claims about an alignment, each on tables that come out each way."""

import numpy as np
import pandas as pd
import pytest

from langneurons.claims.changes import (
    attribution_findings,
    change_findings,
    help_findings,
    overlap_findings,
)
from langneurons.claims.verdicts import (
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_TESTED,
    SUPPORTED,
    judge,
)
from langneurons.uncertainty.resampling import FOLDS, Units

KINDS = ["specific", "related", "general"]


def by_claim(findings):
    return judge(findings).set_index("claim")


def changes(change, half=1.0, before=100):
    """Changes in total of specific, related and general neurons, and none in four phases."""
    totals = pd.DataFrame({"type": KINDS, "before": before, "change": change})
    totals["change_low"], totals["change_high"] = totals["change"] - half, totals["change"] + half
    phases = pd.concat([totals.assign(phase=phase, change=0) for phase in (1, 2, 3, 4)])
    phases["change_low"], phases["change_high"] = -half, half
    return totals, phases


@pytest.mark.parametrize(
    ("change", "half", "expected"),
    [
        ((-20, 20, 20), 1, [SUPPORTED] * 3),
        ((20, -20, 20), 1, [CONTRADICTED, CONTRADICTED, SUPPORTED]),
        ((-3, 3, 0), 1, [CONTRADICTED] * 3),  # within 5 of 100
        ((-20, 20, 20), 30, [INCONCLUSIVE] * 3),
    ],
)
def test_specific_fall_related_and_general_rise(change, half, expected):
    table = by_claim(change_findings(*changes(change, half), Units(12, FOLDS), 0.05, True))
    assert len(table) == 15
    found = table.loc[[f"{kind}_changed_in_total" for kind in KINDS]]
    assert found["verdict"].tolist() == expected
    assert found["estimate"].tolist() == [-change[0], *change[1:]]
    assert found["margin"].tolist() == [5, 5, 5]
    assert table.loc["specific_changed_in_phase_2", "estimate"] == 0


def test_changes_of_few_folds_of_other_phases_and_of_a_method_without_a_type():
    totals, phases = changes((-20, 20, 20))
    table = by_claim(change_findings(totals, phases, Units(1, FOLDS), 0.05, True))
    assert (table["verdict"] == NOT_TESTED).all()
    assert table.loc["specific_changed_in_total", "estimate"] == 20
    three = phases[phases["phase"] < 4]
    table = by_claim(change_findings(totals, three, Units(12, FOLDS), 0.05, False))
    assert "phases.segments" in table.loc["general_changed_in_phase_4", "reason"]
    assert "no related type" in table.loc["related_changed_in_total", "reason"]
    assert table.loc["general_changed_in_total", "verdict"] == SUPPORTED


def attribution(*by_control, seeds=3, half=1.0):
    """Differences of the three types in total, for each control."""
    parts = []
    for name, less in zip(("shuffled", "bare"), by_control, strict=False):
        part = pd.DataFrame({"type": KINDS, "difference": less}).assign(control=name)
        part["difference_low"] = part["difference"] - (half if seeds > 2 else np.nan)
        part["difference_high"] = part["difference"] + (half if seeds > 2 else np.nan)
        parts.append(part)
    table = pd.concat(parts).assign(quantity="total", place=None, margin=5.0, seeds=seeds)
    return pd.concat([table, table.assign(quantity="phase", place="1", difference=99)])


@pytest.mark.parametrize(
    ("tables", "expected", "against"),
    [
        (((-20, 20, 20),), [SUPPORTED] * 3, "shuffled"),
        # Of two controls the one that explains more: it must hold against both.
        (((-20, 20, 20), (-30, 30, 30)), [SUPPORTED] * 3, "shuffled"),
        (((-20, 20, 20), (-2, 2, 2)), [CONTRADICTED] * 3, "bare"),
        (((-20, 20, 20), (20, -20, -20)), [CONTRADICTED] * 3, "bare"),
    ],
)
def test_due_to_the_alignment(tables, expected, against):
    table = by_claim(attribution_findings(attribution(*tables, half=0.5), True))
    found = table.loc[[f"{kind}_due_to_the_alignment_in_total" for kind in KINDS]]
    assert found["verdict"].tolist() == expected
    assert found["reason"].str.contains(f"against the control {against}").all()
    assert table.loc["general_due_to_the_alignment_in_phase_1", "estimate"] == 99
    assert table.loc["general_due_to_the_alignment_in_phase_2", "verdict"] == NOT_TESTED


def test_one_seed_is_inconclusive_and_no_control_not_tested():
    one = attribution((-20, 20, 20), (-10, 30, 30), seeds=1)
    row = by_claim(attribution_findings(one, True)).loc["specific_due_to_the_alignment_in_total"]
    assert (row["verdict"], row["estimate"]) == (INCONCLUSIVE, 10)
    assert "1 seed" in row["reason"]
    assert "control bare" in row["reason"]
    table = by_claim(attribution_findings(None, True))
    assert (table["verdict"] == NOT_TESTED).all()
    assert table["reason"].str.contains("key control").all()


@pytest.mark.parametrize(
    ("kept", "half", "expected"),
    [(0.8, 0.1, SUPPORTED), (0.3, 0.1, CONTRADICTED), (0.55, 0.2, INCONCLUSIVE)],
)
def test_positions_through_the_alignment(kept, half, expected):
    table = pd.DataFrame({"type": KINDS, "overlap": [kept, np.nan, kept]})
    table["overlap_low"], table["overlap_high"] = table["overlap"] - half, table["overlap"] + half
    found = by_claim(overlap_findings(table, Units(12, FOLDS), True))
    assert found.loc["general_keep_their_type", "verdict"] == expected
    assert found.loc["general_keep_their_type", "estimate"] == pytest.approx(kept - 0.5)
    assert found.loc["related_keep_their_type", "verdict"] == NOT_TESTED


def retrieval(change, half=0.1, n=12):
    rows = [("text", "other", None, n, 2, -9), ("to_pivot", "trained", None, n, 2, -9)]
    rows += [("to_pivot", "other", None, 2 * n, 2, change)]
    rows += [("to_pivot", "other", name, n, 2, 7) for name in ("sw", "th")]
    table = pd.DataFrame(rows, columns=["measure", "group", "language", "n", "before", "change"])
    return table.assign(change_low=table["change"] - half, change_high=table["change"] + half)


@pytest.mark.parametrize(
    ("change", "half", "n", "expected"),
    [
        (-0.5, 0.1, 12, SUPPORTED),  # a loss that falls
        (0.5, 0.1, 12, CONTRADICTED),
        (0.02, 0.01, 12, CONTRADICTED),  # within 5 % of 2
        (-0.5, 0.9, 12, INCONCLUSIVE),
        (-0.5, 0.1, 9, INCONCLUSIVE),
    ],
)
def test_other_languages_are_helped(change, half, n, expected):
    groups = (["de"], ["sw", "th"])
    of_losses = retrieval(change, half, n)
    answers = pd.DataFrame(
        {
            "group": ["trained", "other", "other", "other"],
            "language": [None, "sw", "th", None],
            "n": [n, n, n, 2 * n],
            "before": 2.0,
            "change": -change,
            "low": -change - half,
            "high": -change + half,
        }
    )
    table = by_claim(help_findings(of_losses, answers, groups, 0.05))
    assert table["verdict"].tolist() == [expected] * 2
    assert table["estimate"].tolist() == [-change] * 2
    assert table["margin"].tolist() == [0.1, 0.1]


def test_nobody_else_and_nothing_measured():
    table = by_claim(help_findings(retrieval(-1), None, (["de"], ["sw"]), 0.05))
    assert table.loc["others_answer_better", "reason"] == "not measured: section accuracy"
    table = by_claim(help_findings(None, None, (["de"], ["sw"]), 0.05))
    assert "section retrieval" in table.loc["others_translate_better", "reason"]
    table = by_claim(help_findings(retrieval(-1), None, (["de", "sw"], []), 0.05))
    assert table["reason"].unique().tolist() == ["all languages but the pivot were trained on"]
