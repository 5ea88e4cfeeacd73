"""Change of accuracy between two models, paired by problem."""

import numpy as np
import pandas as pd
import pytest

from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.comparison.accuracy import (
    ACCURACY_CHANGE,
    accuracy_change,
    write_accuracy_change,
)
from langneurons.errors import InputError
from langneurons.responses.schemas import GRADES
from langneurons.tables import accuracy_change as accuracy_change_table

BOOTSTRAP = {"replicates": 200, "seed": 0}


def responses(right, problems=None):
    """Responses from language → 1 (right), 0 (wrong), None (no answer known) by problem."""
    rows = [
        ((problems or "abcdefghij")[i], language, bool(value) if value is not None else None)
        for language, values in right.items()
        for i, value in enumerate(values)
    ]
    table = pd.DataFrame(rows, columns=["problem", "language", "correct"])
    table["correct"] = table["correct"].astype("boolean")
    return table.assign(
        sample=0,
        prompt="p",
        response="r",
        answer=1.0,
        prediction=1.0,
        response_language=table["language"],
    )


BEFORE = {"en": [1, 1, 1, 0], "de": [1, 0, 0, 0], "zh": [0, 0, 1, 0]}
AFTER = {"en": [1, 1, 0, 0], "de": [1, 1, 1, 0], "zh": [0, 1, 1, 0]}


def change(before, after, languages=("en", "de", "zh"), trained=("de",), **options):
    return accuracy_change(before, after, languages, trained, **{**BOOTSTRAP, **options})


def test_languages_then_groups_by_hand():
    table = change(responses(BEFORE), responses(AFTER))
    assert table.columns.tolist() == ACCURACY_CHANGE.names
    numbers = ["group", "language", "n", "before", "after", "change"]
    # Other: English 3 → 2 and Chinese 1 → 2 of 4 each, together 4 → 4 of 8. All: 5 → 7 of 12.
    expected = [
        ("other", "en", 4, 3 / 4, 2 / 4, -1 / 4),
        ("trained", "de", 4, 1 / 4, 3 / 4, 2 / 4),
        ("other", "zh", 4, 1 / 4, 2 / 4, 1 / 4),
        ("trained", "", 4, 1 / 4, 3 / 4, 2 / 4),
        ("other", "", 8, 4 / 8, 4 / 8, 0),
        ("all", "", 12, 5 / 12, 7 / 12, 2 / 12),
    ]
    table["language"] = table["language"].fillna("")
    found = [tuple(row) for row in table[numbers].itertuples(index=False)]
    assert [row[:3] for row in found] == [row[:3] for row in expected]
    assert [row[3:] for row in found] == [pytest.approx(row[3:]) for row in expected]


def test_a_right_number_in_the_wrong_language_does_not_count():
    after = responses(AFTER)
    after.loc[after["language"] == "de", "response_language"] = "en"
    row = change(responses(BEFORE), after).set_index("language").loc["de"]
    assert row[["before", "after", "change"]].tolist() == [0.25, 0, -0.25]


def test_the_interval_is_of_pairs():
    # Every problem that was wrong is right now, and the reverse: whatever is drawn, each problem
    # of "en" adds what it adds; a change of +1 in all has no spread at all.
    table = change(responses({"en": [0] * 6}), responses({"en": [1] * 6}), ["en"], [])
    assert table.loc[0, ["change", "low", "high"]].tolist() == [1, 1, 1]


def test_the_interval_resamples_a_problem_with_all_its_languages():
    # "de" undoes in each problem what "en" gains, so that both together never change, although
    # either alone does.
    before = responses({"en": [0, 0, 1, 1], "de": [1, 1, 0, 0]})
    after = responses({"en": [1, 1, 1, 1], "de": [0, 0, 0, 0]})
    table = change(before, after, ["en", "de"], ["de"])
    assert table.loc[table["group"] == "all", ["low", "high"]].to_numpy().tolist() == [[0, 0]]
    low, high = table.loc[0, ["low", "high"]]
    assert low < 0.5 < high


def test_the_interval_is_that_of_a_bootstrap_in_plain_words():
    before, after = responses({"en": [0, 0, 1, 1, 0]}), responses({"en": [1, 0, 0, 1, 1]})
    random = np.random.default_rng(3)
    draws = random.multinomial(5, [0.2] * 5, size=50)
    changes = [1, 0, -1, 0, 1]
    means = [sum(n * d for n, d in zip(draw, changes, strict=True)) / 5 for draw in draws]
    row = change(before, after, ["en"], [], replicates=50, seed=3).iloc[0]
    assert [row["low"], row["high"]] == pytest.approx(np.percentile(means, [2.5, 97.5]))


def test_without_replicates_there_is_no_interval():
    table = change(responses(BEFORE), responses(AFTER), replicates=0)
    assert table[["low", "high"]].isna().all(axis=None)
    assert table["change"].notna().all()


@pytest.mark.parametrize(
    ("trained", "groups"),
    [([], {"other", "all"}), (["en", "de", "zh"], {"trained", "all"})],
)
def test_a_group_without_a_language_has_no_row(trained, groups):
    table = change(responses(BEFORE), responses(AFTER), trained=trained)
    assert set(table.loc[table["language"].isna(), "group"]) == groups


def test_problems_without_an_answer_are_left_out():
    before = responses({"en": [1, None, 0], "de": [None, None, None]})
    after = responses({"en": [1, None, 1], "de": [None, None, None]})
    table = change(before, after, ["en", "de"], ["de"]).set_index("group")
    assert table.loc["other", "n"].tolist() == [2, 2]
    assert table.loc["trained", "n"].tolist() == [0, 0]
    assert table.loc["trained", ["before", "after", "change", "low", "high"]].isna().all(axis=None)
    assert table.loc["all", ["n", "change"]].tolist() == [2, 0.5]


def test_no_answer_at_all():
    nothing = responses({"en": [None, None]})
    table = change(nothing, nothing, ["en"], [])
    assert table["n"].tolist() == [0, 0, 0]


def test_the_mean_of_several_samples_counts():
    one = responses({"en": [1, 0]})
    two = pd.concat([one, one.assign(sample=1, correct=pd.array([False, False], "boolean"))])
    row = change(one, two, ["en"], []).iloc[0]
    assert row[["n", "before", "after"]].tolist() == [2, 0.5, 0.25]


def test_different_problems_are_refused():
    with pytest.raises(InputError, match="different problems: 'b' in en"):
        change(responses({"en": [1, 1]}), responses({"en": [1, 1]}, "ac"), ["en"], [])


def test_a_missing_language_is_refused():
    with pytest.raises(InputError, match="no responses in sw th"):
        change(responses(BEFORE), responses(AFTER), ["en", "sw", "th"], [])


def test_written_with_names_and_languages(tmp_path):
    paths = [tmp_path / "before", tmp_path / "after"]
    for path, right in zip(paths, (BEFORE, AFTER), strict=True):
        write_table(responses(right), path, GRADES)
    rest = (["de"], ("base", "aligned"), {"folds": 10, **BOOTSTRAP}, tmp_path / "change")
    write_accuracy_change(*paths, ["en", "de", "zh"], *rest)
    table = read_table(tmp_path / "change", ACCURACY_CHANGE)
    assert table["language"].fillna("").tolist() == ["en", "de", "zh", "", "", ""]
    facts = read_provenance(tmp_path / "change")
    assert (facts["before"], facts["after"]) == ("base", "aligned")
    assert (facts["trained"], facts["replicates"], facts["seed"]) == (["de"], 200, 0)
    assert facts["control"] is None
    with pytest.raises(InputError, match=r"before, .*after: no responses in sw"):
        write_accuracy_change(*paths, ["sw"], *rest)


def test_table5_says_which_models_are_controls(tmp_path):
    paths = [tmp_path / name for name in ("before", "after", "aligned", "shuffled")]
    for path, right in zip(paths, (BEFORE, AFTER), strict=False):
        write_table(responses(right), path, GRADES)
    for path, control in zip(paths[2:], (None, "target_only"), strict=True):
        names = ("base", path.name)
        about = {"languages": ["en", "de"], "trained": ["de"], "names": names, "control": control}
        write_accuracy_change(*paths[:2], **about, uncertainty=BOOTSTRAP, output=path)
    table = accuracy_change_table.make(paths[2:])
    assert table["control"].fillna("").tolist() == [""] * 5 + ["target_only"] * 5
    layout = accuracy_change_table.lay_out(table)
    names = layout.cells["model"].tolist()
    assert names == ["base", *["aligned"] * 3, *["shuffled (control)"] * 3]
    said = "Controls, trained alike but without what aligns: shuffled (target only)."
    assert said in layout.notes
    table = table[table["control"].isna()]
    assert not any(
        note.startswith("Controls") for note in accuracy_change_table.lay_out(table).notes
    )
