"""Changes of NLL by dose, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.interventions.dose_summary import doses_of, summarise_doses
from langneurons.interventions.schemas import DOSE_PROBLEMS, DOSES

LANGUAGES = ["en", "de"]


def rows_of(cell, by_target):
    method, language, size, seed, neurons = cell
    return [
        {"method": method, "language": language, "size": size, "control_seed": seed,
         "neurons": neurons, "target": target, "problem": f"p{i:02}", "nll": nll}
        for target, values in by_target.items()
        for i, nll in enumerate(values)
    ]  # fmt: skip


def test_changes_by_hand():
    zero, ramp = [1.0] * 10, np.arange(10) / 10
    table = pd.DataFrame(
        [
            *rows_of((None, None, None, None, 0), dict.fromkeys(("en", "de", "sw"), zero)),
            *rows_of(("m", "en", 4, None, 4), {"en": 3 + ramp, "de": zero, "sw": [1.5] * 10}),
            *rows_of(("m", "en", 4, 0, 4), {"en": [1.2] * 10, "de": zero, "sw": zero}),
            *rows_of(("m", "en", 4, 1, 4), {"en": [1.4] * 10, "de": zero, "sw": zero}),
            *rows_of(("m", "de", 4, None, 3), {"en": zero, "de": [2.0] * 10, "sw": zero}),
        ]
    )
    found = doses_of(table).set_index("language")
    row = found.loc["en"]
    assert (row["neurons"], row["problems"], row["languages"]) == (4, 10, 1)
    assert row["own"] == pytest.approx(2.45)
    assert row["others"] == pytest.approx(0.25)
    assert row["own_less_others"] == pytest.approx(2.2)
    assert row["random_own"] == pytest.approx(0.3)
    assert row["own_less_random"] == pytest.approx(2.15)
    # Student's t with 9 degrees of freedom: 2.262157 · sd / √10.
    half = 2.262157 * np.std(ramp, ddof=1) / np.sqrt(10)
    assert row["own_high"] - row["own"] == pytest.approx(half, rel=1e-6)
    # What differs by the same from problem to problem keeps its interval.
    assert row["own_less_others_high"] - row["own_less_others"] == pytest.approx(half, rel=1e-6)
    assert np.isnan(found.loc["de", "random_own"])
    # German has three neurons only: the mean is that of English alone.
    mean = found[found.index.isna()].iloc[0]
    assert (mean["languages"], mean["own"], mean["neurons"]) == (1, row["own"], 4)


def test_the_mean_over_languages_is_paired_by_problem():
    zero, up = [0.0] * 10, np.arange(10.0)
    table = pd.DataFrame(
        [
            *rows_of((None, None, None, None, 0), {"en": zero, "de": zero}),
            *rows_of(("m", "en", 1, None, 1), {"en": up, "de": zero}),
            *rows_of(("m", "de", 1, None, 1), {"en": zero, "de": 9 - up}),
        ]
    )
    found = doses_of(table)
    mean = found[found["language"].isna()].iloc[0]
    assert mean["languages"] == 2
    # Of each problem the mean of i and 9 − i: 4.5, without a spread.
    assert (mean["own"], mean["own_low"], mean["own_high"]) == (4.5, 4.5, 4.5)


def test_means_of_methods_are_over_the_same_languages():
    one = [1.0] * 3
    cells = [
        ("a", "en", 4, None, 4), ("a", "de", 4, None, 4), ("a", "en", 8, None, 8),
        # Of German, b has three only, and eight of none.
        ("b", "en", 4, None, 4), ("b", "de", 4, None, 3), ("b", "en", 8, None, 5),
        ("c", "en", 4, None, 2),
    ]  # fmt: skip
    table = pd.DataFrame(
        [
            *rows_of((None, None, None, None, 0), {"en": one, "de": one}),
            *(row for cell in cells for row in rows_of(cell, {"en": one, "de": one})),
        ]
    )
    found = doses_of(table)
    means = found[found["language"].isna()]
    rows = list(zip(means["method"], means["size"], means["languages"], strict=True))
    assert rows == [("a", 4, 1), ("a", 8, 1), ("b", 4, 1)]


def test_fewer_than_ten_problems_have_no_intervals(tmp_path):
    zero = {"en": [0.0] * 9, "de": [0.0] * 9}
    rows = rows_of((None, None, None, None, 0), zero)
    for method in ("first", "second"):
        rows += rows_of((method, "en", 1, None, 1), {**zero, "en": list(range(9))})
    problems = pd.DataFrame(rows)
    write_table(problems, tmp_path / "problems", DOSE_PROBLEMS, {"languages": LANGUAGES})
    summarise_doses(tmp_path / "problems", tmp_path / "doses", ["second", "first"], LANGUAGES, 0.1)
    written = read_table(tmp_path / "doses", DOSES)
    assert written["method"].tolist() == ["second", "second", "first", "first"]
    assert written["language"].isna().tolist() == [True, False] * 2
    assert (written["own"] == 4).all()
    assert written["own_low"].isna().all()
    assert read_provenance(tmp_path / "doses")["margin"] == 0.1
