"""Changes by deactivation worked by hand, and their intervals."""

import math

import numpy as np
import pandas as pd
import pytest

from langneurons.artifacts.tables import read_table, write_table
from langneurons.interventions.deactivation_changes import CHANGES, DOMINANCE, write_changes
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
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return compare(problems(), tmp_path_factory.mktemp("changes"))


def compare(table, folder, replicates=200):
    write_table(table, folder / "problems", DEACTIVATION_PROBLEMS)
    outputs = {name: folder / name for name in ("changes", "dominance", "csv")}
    uncertainty = {"replicates": replicates, "seed": 0}
    write_changes(folder / "problems", outputs, LANGUAGES, SETS, uncertainty)
    assert len(pd.read_csv(folder / "csv")) == 2 * 3 * 4
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


def test_an_overflowing_perplexity_has_a_finite_logarithm(tmp_path):
    table = problems()
    hit = (table["set"] == "specific") & (table["deactivated"] == "en") & (table["target"] == "en")
    table.loc[hit & table["control_seed"].isna(), "nll"] = 800.0
    changes, _ = compare(table, tmp_path, replicates=0)
    keys = {"measure": "log_perplexity", "set": "specific", "deactivated": "en", "target": "en"}
    row = row_of(changes, **keys, control=False)
    assert row["change"] == pytest.approx(800 - log_perplexity(1, 3))
    assert np.isnan(row["change_low"])  # no replicates, no interval
