"""Claims about neurons by component and stage, on numbers that come out each way."""

import numpy as np
import pandas as pd
import pytest
from component_cases import effects
from deactivation_cases import LANGUAGES

from langneurons.activations.counts import Counts, write_counts
from langneurons.claims.components import collapse_finding, stage_findings
from langneurons.claims.verdicts import (
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_TESTED,
    SUPPORTED,
    judge,
)
from langneurons.neurons.component_draws import language_neurons_in_draws
from langneurons.uncertainty.resampling import FOLDS, Units

TWELVE = Units(12, FOLDS)
COLLAPSE = "attention_collapses_in_the_middle"


def numbers(thirds, spread=0.1):
    """So many neurons in each of two layers of each third, in 40 draws."""
    layers = np.repeat(np.array(thirds, dtype=float), 2) + np.zeros((41, 6))
    layers[1:] += np.random.default_rng(0).normal(0, spread, (40, 6))
    return layers


@pytest.mark.parametrize(
    ("thirds", "spread", "expected", "estimate"),
    [
        ((20, 4, 30), 0.1, SUPPORTED, 16),
        ((20, 4, 3), 0.1, CONTRADICTED, -1),
        ((9, 9, 9), 0.1, CONTRADICTED, 0),
        ((20, 4, 30), 50, INCONCLUSIVE, 16),
    ],
)
def test_neurons_of_attention_by_third(thirds, spread, expected, estimate):
    row = judge([collapse_finding(numbers(thirds, spread), TWELVE, 0.05)]).iloc[0]
    assert (row["claim"], row["verdict"]) == (COLLAPSE, expected)
    assert row["estimate"] == pytest.approx(estimate)
    assert row["margin"] == 1  # 5 % of the middle third's, but at least one


def test_without_attention_or_thirds_nothing_is_tested():
    for found, reason in (
        (collapse_finding(None, None, 0.05), "importance.components has no q, k and v"),
        (collapse_finding(np.ones((5, 2)), TWELVE, 0.05), "the model has 2 layers, no thirds"),
    ):
        row = judge([found]).iloc[0]
        assert (row["verdict"], row["reason"]) == (NOT_TESTED, reason)


def test_language_neurons_are_counted_over_components_in_the_same_draws(tmp_path):
    """Hits in every text of 12 folds: one neuron of q is English, one of v German in half."""
    paths = []
    for name, hits in (("q", {(0, 1): ("en", 1.0)}), ("v", {(2, 0): ("de", 0.5)})):
        active = np.zeros((2, 12, 3, 4), dtype=np.int32)
        for (layer, neuron), (language, share) in hits.items():
            folds = round(12 * share)
            active[LANGUAGES.index(language), :folds, layer, neuron] = 5
        tokens = np.full((2, 12), 5)
        paths.append(tmp_path / name)
        write_counts(Counts(active, tokens, tuple(LANGUAGES)), paths[-1], {})
    given = (paths, "plnd", {"consistency": 0.5}, LANGUAGES)
    found, units = language_neurons_in_draws(*given, replicates=60, seed=0)
    assert found.shape == (61, 3)
    assert found[0].tolist() == [1, 0, 1]
    assert (units.number, units.name) == (12, FOLDS)
    assert (found[:, 0] == 1).all()
    # German's neuron is one where at least half of the drawn folds are among its six.
    assert 0.4 < found[1:, 2].mean() < 0.8
    again, _ = language_neurons_in_draws(*given, replicates=60, seed=0)
    assert (found == again).all()


def judged(rows, problems=12):
    table = None if rows is None else effects(rows, problems)
    return judge(stage_findings(table)).set_index("claim")


def cells(own, others, random):
    """All components off, in all layers, of both languages."""
    other = {"en": "de", "de": "en"}
    rows = []
    for name in LANGUAGES:
        rows.append((("all", "all", name), None, 4, {name: own, other[name]: others}))
        rows.append((("all", "all", name), 0, 4, {name: random}))
    return rows


@pytest.mark.parametrize(
    ("own", "others", "random", "expected"),
    [
        (1.0, 0.2, 0.1, (SUPPORTED, SUPPORTED)),
        (0.5, 0.8, 0.1, (CONTRADICTED, SUPPORTED)),
        (0.05, 0.0, 0.02, (CONTRADICTED, CONTRADICTED)),  # within the margin
    ],
)
def test_own_neurons_against_others_and_random(own, others, random, expected):
    rows = cells(own, others, random)
    # The noise of a problem would cancel in differences: random ones of every other react more.
    table = judged(rows)
    over = table.loc[["own_over_others_all", "own_over_random_all"]]
    assert over["estimate"].tolist() == pytest.approx([own - others, own - random])
    assert tuple(over["verdict"]) == expected
    late = table.loc["own_over_others_generation"]
    assert late["verdict"] == NOT_TESTED
    assert late["reason"] == "no language has neurons of the layers of generation"


def test_what_was_not_measured_is_not_tested():
    assert len(judged(None)) == 6
    assert set(judged(None)["verdict"]) == {NOT_TESTED}
    assert "section component_deactivation" in judged(None)["reason"].iloc[0]
    alone = [(("q", "all", "en"), None, 4, {"en": 1.0})]
    assert "not switched off together" in judged(alone)["reason"].iloc[0]
    without = [row for row in cells(1.0, 0.2, 0.1) if row[1] is None]
    found = judged(without).loc["own_over_random_all"]
    assert found["verdict"] == NOT_TESTED
    assert "component_deactivation.control_seeds" in found["reason"]


def test_few_problems_settle_nothing():
    found = judged(cells(1.0, 0.2, 0.1), problems=9).loc["own_over_others_all"]
    assert found["verdict"] == INCONCLUSIVE
    assert "9 problems: an interval needs 10" in found["reason"]


def test_noise_settles_nothing():
    table = effects(cells(0.4, 0.2, 0.1))
    odd = table["problem"].str[1:].astype(int) % 2 == 1
    own = (table["target"] == table["language"]) & table["control_seed"].isna()
    table.loc[odd & own, "nll"] += 1.0
    table.loc[~odd & own, "nll"] -= 1.0
    row = judge(stage_findings(pd.DataFrame(table))).set_index("claim").loc["own_over_others_all"]
    assert row["verdict"] == INCONCLUSIVE
