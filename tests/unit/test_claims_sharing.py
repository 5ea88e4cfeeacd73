"""Claims about shared neurons, on tables that come out each way."""

import pytest
from sharing_cases import LANGUAGES, deactivation, few

from langneurons.claims.sharing import sharing_findings
from langneurons.claims.verdicts import (
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_TESTED,
    SUPPORTED,
    judge,
)

UNCERTAINTY = {"replicates": 200, "seed": 0}
FEW, MOST = "all_shared_are_few", "all_shared_hurt_most"


def judged(sharing, classes):
    found = sharing_findings(sharing, classes, LANGUAGES, UNCERTAINTY)
    return judge(found).set_index("claim")


@pytest.mark.parametrize(
    ("share", "spread", "expected"),
    [
        (0.2, 0.02, SUPPORTED),
        (0.5, 0.02, CONTRADICTED),
        (0.3, 0.02, INCONCLUSIVE),
        (0.295, 0.001, CONTRADICTED),  # within the margin
    ],
)
def test_all_shared_neurons_are_few(share, spread, expected):
    row = judged(few(share, spread=spread), None).loc[FEW]
    assert row["estimate"] == pytest.approx(0.3 - share, abs=0.005)
    assert row["verdict"] == expected


@pytest.mark.parametrize(
    ("risen", "expected"),
    [
        ({"all-shared": 2.0, "partial-shared": 1.0, "specific": 0.1}, SUPPORTED),
        ({"all-shared": 0.5, "partial-shared": 1.0, "specific": 0.1}, CONTRADICTED),
        ({"all-shared": 1.0, "partial-shared": 0.98, "specific": 0.1}, CONTRADICTED),
    ],
)
def test_all_shared_neurons_hurt_most(risen, expected):
    row = judged(few(0.2), deactivation(risen)).loc[MOST]
    others = max(more for name, more in risen.items() if name != "all-shared")
    assert row["estimate"] == pytest.approx(risen["all-shared"] - others)
    assert row["verdict"] == expected


def test_noise_settles_nothing():
    table = deactivation({"all-shared": 1.3, "specific": 1.0}, spread=0.01)
    # One class reacts to every other problem.
    every_other = table["problem"].str[1:].astype(int) % 2 == 0
    some = (table["class"] == "all-shared") & every_other
    table.loc[some, "nll"] -= 2 * 0.3
    row = judged(few(0.2), table).loc[MOST]
    assert row["verdict"] == INCONCLUSIVE


def test_whole_classes_do_not_count():
    """All neurons of the largest class off hurt most because they are most."""
    table = deactivation({"all-shared": 1.0, "specific": 0.1})
    grown = (table["class"] == "specific") & (table["size"] == "whole")
    table.loc[grown, "nll"] += 50
    assert judged(few(0.2), table).loc[MOST, "verdict"] == SUPPORTED


@pytest.mark.parametrize(
    ("sharing", "classes", "reasons"),
    [
        (None, None, {FEW: "section sharing", MOST: "section sharing"}),
        (few(0.2), None, {MOST: "sharing.deactivated_problems"}),
        (few(0.2), deactivation({"all-shared": 1.0}), {MOST: "most often all-shared"}),
        (few(0.2), deactivation({"specific": 1.0}), {MOST: "most often specific"}),
    ],
)
def test_what_was_not_measured_is_not_tested(sharing, classes, reasons):
    table = judged(sharing, classes)
    assert list(table.index) == [FEW, MOST]
    for claim, reason in reasons.items():
        assert table.loc[claim, "verdict"] == NOT_TESTED
        assert reason in table.loc[claim, "reason"]


def test_few_problems_settle_nothing():
    table = judged(
        few(0.2, problems=9), deactivation({"all-shared": 2.0, "specific": 1.0}, problems=9)
    )
    assert table["verdict"].tolist() == [INCONCLUSIVE] * 2
    assert table["reason"].str.contains("9 problems").all()
