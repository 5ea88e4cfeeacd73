"""Changes by deactivation worked by hand, and their intervals."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from langneurons.artifacts.tables import read_table, write_table
from langneurons.interventions.deactivation_changes import (
    BY_COLUMN,
    BY_ROW,
    CHANGES,
    DOMINANCE,
    changes_of,
    write_changes,
)
from langneurons.interventions.schemas import DEACTIVATION_PROBLEMS

LANGUAGES = ["en", "de", "sw"]
SETS = ["specific", "specific@phase 1", "specific@phase 2"]


def log_perplexity(*nll):
    return math.log1p(math.exp(np.mean(nll)))


def problems():
    """Two problems; English neurons hurt English by 1 nat, Swahili has none, two controls."""
    rows = []

    def cell(name, seed, deactivated, neurons, nll, right=(True, False)):
        for target, values in zip(LANGUAGES, nll, strict=True):
            for index in range(2):
                rows.append(
                    {
                        "set": name, "control_seed": seed, "deactivated": deactivated,
                        "neurons": neurons, "target": target, "problem": f"p{index}",
                        "nll": values[index] if values else None,
                        "right": right[index] if values else None,
                        "unfinished": False if values else None,
                    }
                )  # fmt: skip

    plain = [(1.0, 3.0)] * 3
    cell("none", None, None, 0, plain)
    for name in SETS:
        cell(name, None, "en", 4, [(2.0, 4.0), (1.0, 3.0), (1.0, 5.0)], right=(False, False))
        cell(name, 0, "en", 4, [(1.0, 3.0), *plain[1:]])
        cell(name, 1, "en", 4, [(1.0, 5.0), *plain[1:]])
        cell(name, None, "de", 2, plain)
        cell(name, 0, "de", 2, plain)
        cell(name, 1, "de", 2, plain)
        for seed in (None, 0, 1):
            cell(name, seed, "sw", 0, [None] * 3)
    return pd.DataFrame(rows).assign(is_fact=False, known=None)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return compare(problems(), tmp_path_factory.mktemp("changes"))


def compare(table, folder, replicates=200):
    write_table(table, folder / "problems", DEACTIVATION_PROBLEMS)
    outputs = {name: folder / name for name in ("changes", "dominance", "csv")}
    uncertainty = {"replicates": replicates, "seed": 0}
    write_changes(folder / "problems", outputs, LANGUAGES, SETS, uncertainty)
    assert len(pd.read_csv(folder / "csv")) == 2 * 3 * 2 * 4  # languages and their mean, by two
    return read_table(folder / "changes", CHANGES), read_table(folder / "dominance", DOMINANCE)


def row_of(table, **keys):
    found = np.logical_and.reduce([table[name] == value for name, value in keys.items()])
    assert found.sum() == 1
    return table[found].iloc[0]


def test_changes_by_hand(tables):
    changes, _ = tables
    assert len(changes) == 2 * 3 * 2 * 9  # measures × sets × (set, control) × pairs
    own = {"measure": "log_perplexity", "set": "specific", "deactivated": "en"}
    row = row_of(changes, **own, control=False, target="en")
    # NLL 2 and 4 against 1 and 3.
    expected = log_perplexity(2, 4) - log_perplexity(1, 3)
    assert row["change"] == pytest.approx(expected)
    # A draw of problems has the first twice, the second twice, or each once: the change is
    # log(1 + e²) − log(1 + e), log(1 + e⁴) − log(1 + e³), or the one above.
    ends = [log_perplexity(2) - log_perplexity(1), log_perplexity(4) - log_perplexity(3)]
    assert [row["change_low"], row["change_high"]] == pytest.approx(ends)
    # The control is the mean of two seeds, one of them 1 and 5 against 1 and 3.
    row = row_of(changes, **own, control=True, target="en")
    assert row["change"] == pytest.approx((log_perplexity(1, 5) - log_perplexity(1, 3)) / 2)
    accuracy = {"measure": "accuracy", "set": "specific", "control": False}
    row = row_of(changes, **accuracy, deactivated="en", target="de")
    # One of two right, none under the set; a draw changes by 0, −½ or −1.
    assert row[["change", "change_low", "change_high"]].tolist() == [-0.5, -1, 0]
    bare = row_of(changes, **accuracy, deactivated="sw", target="de")
    assert bare[["change", "change_low", "change_high"]].isna().all()


def test_dominance_by_hand(tables):
    _, dominance = tables
    rows = dominance[(dominance["measure"] == "log_perplexity") & (dominance["set"] == "specific")]
    rows = rows[rows["by"] == BY_ROW]
    assert rows["language"].fillna("mean").tolist() == [*LANGUAGES, "mean"]
    assert rows["neurons"].tolist() == [4, 2, 0, 6]
    assert (rows["problems"] == 2).all()
    english, german, swahili, mean = (row for _, row in rows.iterrows())
    own = log_perplexity(2, 4) - log_perplexity(1, 3)
    others = (0 + log_perplexity(1, 5) - log_perplexity(1, 3)) / 2
    assert english["own"] == pytest.approx(own)
    assert english["others"] == pytest.approx(others)
    assert english["own_less_others"] == pytest.approx(own - others)
    # Here the control of the language itself is that mean of two seeds, too.
    assert english["own_less_control"] == pytest.approx(own - others)
    assert english["own_less_others_low"] < own - others <= english["own_less_others_high"]
    assert german[["own", "others", "own_less_control"]].tolist() == [0, 0, 0]
    assert swahili[["own", "others", "own_less_others"]].isna().all()
    # Of the two languages that have neurons.
    assert mean["own"] == pytest.approx(own / 2)
    assert mean["own_less_others"] == pytest.approx((own - others) / 2)


def test_dominance_by_column_sets_own_neurons_against_those_of_others(tmp_path):
    table = problems()
    # German neurons cost English half a nat.
    hit = (table["set"] == "specific") & (table["deactivated"] == "de") & (table["target"] == "en")
    table.loc[hit & table["control_seed"].isna(), "nll"] += 0.5
    _, dominance = compare(table, tmp_path)
    keys = {"measure": "log_perplexity", "set": "specific", "by": BY_COLUMN}
    own = log_perplexity(2, 4) - log_perplexity(1, 3)
    # Swahili has no neurons: English is hurt by those of German alone, and German by English ones.
    by_german = log_perplexity(1.5, 3.5) - log_perplexity(1, 3)
    english = row_of(dominance, **keys, language="en")
    assert english["own"] == pytest.approx(own)
    assert english["others"] == pytest.approx(by_german)
    assert english["own_less_others"] == pytest.approx(own - by_german)
    assert english["own_less_others_low"] < own - by_german < english["own_less_others_high"]
    german = row_of(dominance, **keys, language="de")
    assert german[["own", "others", "own_less_others"]].tolist() == [0, 0, 0]
    swahili = row_of(dominance, **keys, language="sw")
    assert swahili[["own", "others", "own_less_others"]].isna().all()
    mean = row_of(dominance[dominance["language"].isna()], **keys)
    assert mean["own_less_others"] == pytest.approx((own - by_german) / 2)
    # The control of the language itself is that of its row.
    columns = dominance[dominance["by"] == BY_COLUMN]
    assert columns[["control", "own_less_control"]].isna().all(axis=None)


def many_problems(n):
    """English and Swahili neurons, none of German, and two controls, on n problems."""
    random = np.random.default_rng(0)
    rows = [
        (name, seed, deactivated, target, f"p{index}", random.normal(2, 1))
        for name, seed, deactivated in [
            ("none", None, None),
            *(("specific", seed, language) for seed in (None, 0, 1) for language in LANGUAGES),
        ]
        for target in LANGUAGES
        for index in range(n)
    ]
    columns = ["set", "control_seed", "deactivated", "target", "problem", "nll"]
    table = pd.DataFrame(rows, columns=columns)
    bare = table["deactivated"] == "de"
    table["nll"] = table["nll"].mask(bare)
    table["neurons"] = np.where(bare, 0, 3)
    return table.assign(right=None, unfinished=None, is_fact=False, known=None)[
        DEACTIVATION_PROBLEMS.names
    ]


def test_p_is_paired_over_problems_against_the_mean_of_the_controls():
    table = many_problems(12)
    found = changes_of(table, "nll", LANGUAGES, ["specific"], replicates=0, seed=0)["specific"]
    cells = table[table["set"] == "specific"].pivot_table(
        "nll", ["deactivated", "target", "problem"], table["control_seed"].fillna(-1)
    )
    for i, j in ((0, 0), (0, 2), (2, 1)):
        of_cell = cells.loc[LANGUAGES[i], LANGUAGES[j]]
        expected = stats.ttest_rel(of_cell[-1], (of_cell[0] + of_cell[1]) / 2).pvalue
        assert found.p[i, j] == pytest.approx(expected)
    assert np.isnan(found.p[1]).all()


def test_p_is_adjusted_over_the_map_of_a_set(tmp_path):
    table = many_problems(12)
    write_table(table, tmp_path / "problems", DEACTIVATION_PROBLEMS)
    outputs = {name: tmp_path / name for name in ("changes", "dominance", "csv")}
    uncertainty = {"replicates": 0, "seed": 0}
    write_changes(tmp_path / "problems", outputs, LANGUAGES, ["specific"], uncertainty)
    changes = read_table(tmp_path / "changes", CHANGES)
    own = changes[~changes["control"] & (changes["deactivated"] != "de")]
    assert len(own) == 6
    np.testing.assert_allclose(own["p_adjusted"], stats.false_discovery_control(own["p"]))
    rest = changes.drop(own.index)
    assert rest[["p", "p_adjusted"]].isna().all(axis=None)


def test_each_row_has_its_own_null(tmp_path):
    # A control drawn for English does nothing to it, one drawn for Swahili costs English 2 nats:
    # English neurons, which cost English 1 nat, differ from the former and not from the latter.
    table = many_problems(12)
    table["nll"] = np.random.default_rng(1).normal(2, 0.1, len(table))
    english = table["target"] == "en"
    table.loc[english & (table["deactivated"] == "en") & table["control_seed"].isna(), "nll"] += 1
    table.loc[english & (table["deactivated"] == "sw"), "nll"] += 2
    found = changes_of(table, "nll", LANGUAGES, ["specific"], replicates=0, seed=0)["specific"]
    assert found.p[0, 0] < 1e-6
    assert found.p[2, 0] > 0.01


def test_random_neurons_beside_specific_ones_have_controls_only(tmp_path):
    table = many_problems(12)
    beside = table[table["control_seed"].notna()].assign(set="specific+random")
    write_table(pd.concat([table, beside]), tmp_path / "problems", DEACTIVATION_PROBLEMS)
    outputs = {name: tmp_path / name for name in ("changes", "dominance", "csv")}
    uncertainty = {"replicates": 50, "seed": 0}
    sets = ["specific", "specific+random"]
    write_changes(tmp_path / "problems", outputs, LANGUAGES, sets, uncertainty)
    changes = read_table(tmp_path / "changes", CHANGES)
    assert changes.groupby(["set", "control"]).size().to_dict() == {
        ("specific", False): 9, ("specific", True): 9, ("specific+random", True): 9,
    }  # fmt: skip
    controls = changes[changes["control"]].set_index(["deactivated", "target"])
    values = ["change", "change_low", "change_high"]
    ways = [controls[controls["set"] == name][values] for name in sets]
    pd.testing.assert_frame_equal(*ways)  # the same numbers were put in
    assert read_table(tmp_path / "dominance", DOMINANCE)["set"].unique().tolist() == ["specific"]


@pytest.mark.parametrize("missing", ["problems", "controls"])
def test_without_ten_problems_or_without_controls_there_is_no_p(missing):
    table = many_problems(9 if missing == "problems" else 12)
    if missing == "controls":
        table = table[table["control_seed"].isna()]
    found = changes_of(table, "nll", LANGUAGES, ["specific"], replicates=0, seed=0)["specific"]
    assert np.isnan(found.p).all()
    assert np.isfinite(found.own[0, 0]).all()


def test_an_overflowing_perplexity_has_a_finite_logarithm(tmp_path):
    table = problems()
    hit = (table["set"] == "specific") & (table["deactivated"] == "en") & (table["target"] == "en")
    table.loc[hit & table["control_seed"].isna(), "nll"] = 800.0
    changes, _ = compare(table, tmp_path, replicates=0)
    keys = {"measure": "log_perplexity", "set": "specific", "deactivated": "en", "target": "en"}
    row = row_of(changes, **keys, control=False)
    assert row["change"] == pytest.approx(800 - log_perplexity(1, 3))
    assert np.isnan(row["change_low"])  # no replicates, no interval
