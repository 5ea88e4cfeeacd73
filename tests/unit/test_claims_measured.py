"""Claims from what other stages measured of one model, each on tables that come out each way."""

import numpy as np
import pandas as pd
import pytest

from langneurons.claims.measured import (
    deactivation_findings,
    position_findings,
    retrieval_finding,
)
from langneurons.claims.verdicts import (
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_TESTED,
    SUPPORTED,
    judge,
)
from langneurons.interventions.schemas import DEACTIVATION_PROBLEMS

LANGUAGES = ["en", "de", "sw"]
SEGMENTS = pd.DataFrame(
    {"phase": [1, 2, 3, 4], "first_layer": [0, 1, 3, 5], "last_layer": [0, 2, 4, 5]}
)
BEYOND = "related_matter_beyond_specific"
UNCERTAINTY = {"replicates": 200, "seed": 0}


def by_claim(findings):
    return judge(findings).set_index("claim")


def overlaps(*shares):
    """Overlap of the data set ``a`` with as many others."""
    rows = [
        ("a", f"b{i}", kind, x) for i, x in enumerate(shares) for kind in ("specific", "general")
    ]
    rows += [("b0", "a", kind, 0.1) for kind in ("specific", "general")]  # of another data set
    rows += [("a", "b0", "related", np.nan)]
    return pd.DataFrame(rows, columns=["first", "second", "type", "overlap"])


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ((0.8, 0.81, 0.79), SUPPORTED),
        ((0.2, 0.21, 0.19), CONTRADICTED),
        ((0.4, 0.5, 0.63), INCONCLUSIVE),
        ((0.8, 0.8), INCONCLUSIVE),  # too few for an interval
    ],
)
def test_positions_on_other_data_sets(shares, expected):
    table = by_claim(position_findings(overlaps(*shares), "a"))
    row = table.loc["specific_stable_across_data_sets"]
    assert row["estimate"] == pytest.approx(np.mean(shares) - 0.5)
    assert row["verdict"] == expected
    assert table.loc["related_stable_across_data_sets", "verdict"] == NOT_TESTED


def test_positions_on_one_data_set_are_not_tested():
    table = by_claim(position_findings(None, "a"))
    assert (table["verdict"] == NOT_TESTED).all()
    assert table["reason"].str.contains("datasets").all()


def partners(inside, outside, problems=12):
    """Partners: in layers 2 and 3, which phase 2 writes, of the first ``inside`` problems, …"""
    rows = [
        (language, layer, f"p{i}", i < (inside if layer in (2, 3) else outside) and layer > 0)
        for language in ("de", "sw")
        for layer in range(7)
        for i in range(problems)
    ]
    return pd.DataFrame(rows, columns=["language", "layer", "problem", "found"])


@pytest.mark.parametrize(
    ("inside", "outside", "expected"),
    [
        (12, 0, SUPPORTED),
        (0, 12, CONTRADICTED),
        (6, 6, CONTRADICTED),  # as many: no such effect
        (6, 5, INCONCLUSIVE),
    ],
)
def test_partners_in_the_layers_of_phase_2(inside, outside, expected):
    found = retrieval_finding(partners(inside, outside), SEGMENTS)
    assert found.estimate == pytest.approx((inside - outside) / 12)
    assert judge([found])["verdict"].tolist() == [expected]


def test_partners_of_few_problems_or_none():
    row = judge([retrieval_finding(partners(9, 0, problems=9), SEGMENTS)]).iloc[0]
    assert row["verdict"] == INCONCLUSIVE
    assert "9 problems" in row["reason"]
    row = judge([retrieval_finding(None, SEGMENTS)]).iloc[0]
    assert (row["verdict"], "section retrieval" in row["reason"]) == (NOT_TESTED, True)
    assert "3 phases" in retrieval_finding(partners(9, 0), SEGMENTS[:3]).reason


def deactivated(
    own, control=0.0, spread=0.01, problems=12, seeds=(0,), neurons=LANGUAGES, beside=None
):
    """Problems: NLL 6 with no neurons off; ``own`` (K, K) is added by language off, then measured.

    ``beside``, where given, makes these cells those of specific and related neurons; it is added by
    the specific and random ones of each language, nothing measured where it is None.

    exp(NLL) is far above 1 for all, so that log(1 + PPL) changes nearly as NLL does.
    """
    random = np.random.default_rng(0)
    own = np.broadcast_to(np.asarray(own, dtype=float), (3, 3))
    cells = [("none", None, None, np.zeros(3))]
    cells += [("specific", None, name, own[k]) for k, name in enumerate(LANGUAGES)]
    cells += [("specific@phase 1", None, name, [50] * 3) for name in LANGUAGES]  # not looked at
    cells += [("specific", s, name, [control] * 3) for s in seeds for name in LANGUAGES]
    if beside is not None:
        cells = [(name.replace("specific", "specific+related"), *rest) for name, *rest in cells]
        cells += [("specific", None, name, [9] * 3) for name in LANGUAGES]  # not looked at
        cells += [
            ("specific+random", s, name, [np.nan if more is None else more + s / 10] * 3)
            for s in seeds
            for name, more in zip(LANGUAGES, beside, strict=True)
        ]
    rows = [
        (name, seed, off, 5, target, f"p{i}", 6 + added[t] + random.normal(0, spread))
        if off is None or off in neurons
        else (name, seed, off, 0, target, f"p{i}", None)
        for name, seed, off, added in cells
        for t, target in enumerate(LANGUAGES)
        for i in range(problems)
    ]
    table = pd.DataFrame(rows, columns=DEACTIVATION_PROBLEMS.names[:7])
    return table.astype({"control_seed": "Int32", "nll": float}).assign(is_fact=False)


def judged(*arguments, **changed):
    problems = deactivated(*arguments, **changed)
    return by_claim(deactivation_findings(problems, LANGUAGES, "en", UNCERTAINTY))


def test_own_neurons_hurt_most_and_the_pivot_depends_less():
    table = judged([[1, 0.2, 0.2], [0, 3, 0.2], [0, 0.4, 5]])
    assert (table.drop(BEYOND)["verdict"] == SUPPORTED).all()
    estimates = table["estimate"]
    # Own 1, 3, 5: mean 3. The most of the others is 0.2, 0.2, 0.4 in rows, 0, 0.4, 0.2 in columns.
    assert estimates["own_language_hurt_most"] == pytest.approx(3 - 0.8 / 3, abs=0.02)
    assert estimates["own_neurons_matter_most"] == pytest.approx(3 - 0.6 / 3, abs=0.02)
    assert estimates["own_neurons_over_random"] == pytest.approx(3, abs=0.02)
    assert estimates["random_neurons_do_nothing"] == pytest.approx(0, abs=0.02)
    assert estimates["pivot_depends_less"] == pytest.approx((3 + 5) / 2 - 1, abs=0.02)


def test_row_and_column_differ():
    table = judged([[0, 0, 0], [2, 4, 3], [0, 1, 5]])
    # Rows: 0 − 0, 4 − 3, 5 − 1, mean 5/3. Columns: 0 − 2, 4 − 1, 5 − 3, mean 1.
    assert table.loc["own_language_hurt_most", "estimate"] == pytest.approx(5 / 3, abs=0.02)
    assert table.loc["own_neurons_matter_most", "estimate"] == pytest.approx(1, abs=0.02)


def test_a_language_without_neurons_is_measured_but_not_switched_off():
    table = judged([[9, 9, 9], [2, 4, 3], [0, 1, 5]], neurons=["de", "sw"])
    # Rows: 4 − 3, 5 − 1, mean 5/2. Columns: 4 − 1, 5 − 3, mean 5/2. English has none to lose.
    assert table.loc["own_language_hurt_most", "estimate"] == pytest.approx(2.5, abs=0.02)
    assert table.loc["own_neurons_matter_most", "estimate"] == pytest.approx(2.5, abs=0.02)
    assert table.loc["pivot_depends_less", "verdict"] == NOT_TESTED
    alone = judged(np.eye(3), neurons=["en"])
    assert alone.loc["own_neurons_matter_most", "verdict"] == NOT_TESTED


def test_others_hurt_more_than_the_language_itself_contradicts():
    table = judged([[0, 2, 2], [2, 0, 2], [2, 2, 0]], control=1)
    for claim in ("own_language_hurt_most", "own_neurons_matter_most", "own_neurons_over_random"):
        assert table.loc[claim, "verdict"] == CONTRADICTED
    assert table.loc["random_neurons_do_nothing", "verdict"] == CONTRADICTED
    table = judged([[5, 0, 0], [0, 1, 0], [0, 0, 1]])
    assert table.loc["pivot_depends_less", "verdict"] == CONTRADICTED


def test_noise_leaves_all_open():
    table = judged([[0.3, 0, 0], [0, 0.3, 0], [0, 0, 0.3]], spread=3, beside=[0, 0, 0])
    assert (table["verdict"] == INCONCLUSIVE).all()


def test_few_problems_no_controls_and_no_stage():
    table = judged(np.eye(3), problems=9, beside=[0, 0, 0])
    assert (table["verdict"] == INCONCLUSIVE).all()
    assert table["reason"].str.contains("9 problems").all()
    table = judged(np.eye(3), seeds=())
    assert table.loc["random_neurons_do_nothing", "reason"].endswith("control_seeds")
    assert table.drop(BEYOND)["verdict"].tolist().count(NOT_TESTED) == 2
    table = by_claim(deactivation_findings(None, LANGUAGES, "en", UNCERTAINTY))
    assert (table["verdict"] == NOT_TESTED).all()
    assert table["reason"].str.contains("section deactivation").all()


def test_no_language_has_neurons():
    table = judged(np.eye(3), neurons=[])
    assert (table["verdict"] == NOT_TESTED).all()


@pytest.mark.parametrize(
    ("beside", "estimate", "expected"),
    [
        ([0, 0, 0], 3, SUPPORTED),
        # The languages that have related neurons: (3 − 1 + 5 − 2) / 2.
        ([None, 1, 2], 2.5, SUPPORTED),
        ([1, 3, 5], 0, CONTRADICTED),  # as much: no such effect
        ([2, 4, 6], -1, CONTRADICTED),
    ],
)
def test_related_neurons_beyond_the_specific_ones(beside, estimate, expected):
    table = judged([[1, 0, 7], [7, 3, 0], [0, 7, 5]], control=8, beside=beside)
    row = table.loc[BEYOND]
    # Own changes 1, 3 and 5, whatever others and the usual controls change by.
    assert row["estimate"] == pytest.approx(estimate, abs=0.03)
    assert row["verdict"] == expected
    assert (row["margin"], row["section"]) == (0.1, "figure 10")


def test_random_neurons_beside_the_specific_ones_are_averaged_over_seeds():
    # 0 and 0.1 more in the second seed: 3 − 0.05.
    table = judged(np.diag([1, 3, 5]), seeds=(0, 1), beside=[0, 0, 0])
    assert table.loc[BEYOND, "estimate"] == pytest.approx(3 - 0.05, abs=0.02)
    open_ = judged(np.diag([1, 3, 5]), spread=9, beside=[0.9, 2.9, 4.9])
    assert open_.loc[BEYOND, "verdict"] == INCONCLUSIVE


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, "needs specific and specific+related (deactivation.sets), of a method with related"),
        ({"seeds": (), "beside": [0, 0, 0]}, "deactivation.control_seeds"),
        ({"beside": [None] * 3}, "there is nothing to measure it on"),
    ],
)
def test_related_neurons_are_not_tested_where_something_was_not_measured(changed, reason):
    row = judged(np.diag([1, 3, 5]), **changed).loc[BEYOND]
    assert row["verdict"] == NOT_TESTED
    assert reason in row["reason"]


def test_random_neurons_beside_the_specific_ones_are_no_set_that_claims_are_about():
    table = deactivated(np.diag([1, 3, 5]), beside=[0, 0, 0])
    table = table[table["set"] != "specific+related"]
    found = by_claim(deactivation_findings(table, LANGUAGES, "en", UNCERTAINTY))
    assert found.loc["own_language_hurt_most", "estimate"] == pytest.approx(0, abs=0.02)  # 9 to all
