"""How sure types and numbers are: two draws worked out, and what draws can be."""

import numpy as np
import pandas as pd
import pytest
from core_cases import LANGUAGES, write_case
from test_neuron_table import PROBABILITIES

from langneurons.activations.counts import Counts, write_counts
from langneurons.activations.resampled import Draws
from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.neurons.stability import CERTAINTY, STABILITY, in_draws, write_stability
from langneurons.neurons.table import NEURONS, read_summary
from langneurons.neurons.types import TYPES
from langneurons.uncertainty.resampling import FOLDS, TOKENS, Units, draw_weights

# Four neurons of one layer in two folds of ten tokens. The first, and the third, are the same in
# both folds; the second is active for en in the first fold and for ru in the second.
ACTIVE = [
    [[8, 8, 6, 0], [8, 0, 6, 0]],  # en
    [[0, 0, 6, 0], [0, 8, 6, 0]],  # ru
]
TWO_FOLDS = Counts(np.array(ACTIVE)[:, :, None], np.full((2, 2), 10), ("en", "ru"))
#: τ is the 4th smallest of eight probabilities, and two neurons are selected, by entropy alone.
PARAMETERS = {"top_rate": 0.5, "threshold_quantile": 0.5, "lambda_": 0.0}


def random_counts(folds: int, languages: int = 3, L: int = 2, D: int = 30) -> Counts:
    random = np.random.default_rng(0)
    p = random.beta(0.5, 1.5, size=(languages, 1, L, D))
    active = random.binomial(40, np.broadcast_to(p, (languages, folds, L, D)))
    tokens = np.full((languages, folds), 40)
    return Counts(active.astype(np.int32), tokens, LANGUAGES[:languages])


def resample(folder, counts, method="ternary", parameters=PARAMETERS, replicates=20, seed=0):
    """Write both artefacts of some counts and read them."""
    folder.mkdir(exist_ok=True)
    write_counts(counts, folder / "counts", {})
    outputs = {name: folder / name for name in ("stability", "certainty", "draws")}
    write_stability(
        folder / "counts", outputs, method, parameters, counts.languages, replicates, seed, 1
    )
    return read_table(outputs["stability"], STABILITY), read_table(outputs["certainty"], CERTAINTY)


def of_folds(weights):
    """Draws of folds, (R, F)."""
    return Draws(np.asarray(weights), Units(len(weights[0]), FOLDS))


def number(certainty, quantity, place=None, kind=None):
    """The row of one number."""
    rows = certainty[certainty["quantity"] == quantity]
    for column, value in (("place", place), ("type", kind)):
        rows = rows[rows[column].isna() if value is None else rows[column] == value]
    (row,) = rows.to_dict("records")
    return row


def test_two_draws_by_hand():
    draws = of_folds([[2, 0], [1, 1]])
    times, numbers = in_draws(TWO_FOLDS, draws, "ternary", PARAMETERS)
    # The first fold twice: p = (.8, 0), (.8, 0), (.6, .6), (0, 0), so that τ = 0; the first two are
    # selected, with H = 0: specific, specific, general, other.
    # Each fold once: p = (.8, 0), (.4, .4), (.6, .6), (0, 0), so that τ = .4 and the second has
    # N = 0; selected: the first, and the second as the earliest of three with H = ln 2.
    specific, related, general, other = times[:, 0].tolist()
    assert specific == [2, 1, 0, 0]
    assert related == [0, 0, 0, 0]
    assert general == [0, 0, 2, 0]
    assert other == [0, 1, 0, 2]
    # τ, λ, cut-off; totals; the layer; by N, all and selected; en, ru (specific, related).
    expected = [
        [0, 0, 0, 2, 0, 1, 1, 2, 0, 1, 1, 1, 2, 1, 0, 2, 0, 2, 0, 0, 0],
        [0.4, 0, 1, 1, 0, 1, 2, 1, 0, 1, 2, 2, 1, 1, 1, 1, 0, 1, 0, 0, 0],
    ]
    np.testing.assert_allclose(numbers, expected, atol=1e-7)


def test_shares_of_draws_by_hand(tmp_path):
    stability, certainty = resample(tmp_path, TWO_FOLDS)
    assert stability["layer"].tolist() == [0] * 4
    assert stability["neuron"].tolist() == [0, 1, 2, 3]
    assert stability["type"].tolist() == ["specific", "other", "general", "other"]
    # The second neuron is specific, to en or ru, where one fold is drawn twice, else other.
    draws = draw_weights(np.ones(2, bool), 20, 0)
    twice = np.float32((draws == 2).any(axis=1).mean())
    assert 0.2 < twice < 0.8
    assert stability["p_specific"].tolist() == [1, twice, 0, 0]
    assert stability["p_related"].tolist() == [0] * 4
    assert stability["p_general"].tolist() == [0, 0, 1, 0]
    # What is the same in all folds keeps its type for sure, also where that is other.
    assert stability["stability"].tolist() == [1, 1 - twice, 1, 1]
    threshold = number(certainty, "threshold")
    assert threshold["estimate"] == np.float32(0.4)
    assert threshold["mean_of_draws"] == pytest.approx(0.4 * (1 - twice))
    of_type = number(certainty, "total", kind="specific")
    assert of_type["estimate"] == 1
    assert of_type["mean_of_draws"] == pytest.approx(1 + twice)
    # Two folds are too few for an interval.
    assert certainty[["low", "high"]].isna().all(axis=None)


def test_one_row_a_number(tmp_path):
    _, certainty = resample(tmp_path, random_counts(folds=3))
    rows = certainty.groupby("quantity", sort=False).size()
    assert rows.to_dict() == {
        "threshold": 1,
        "lambda": 1,
        "cutoff": 1,
        "total": 4,
        "layer": 2 * 4,
        "sharing of all": 3 + 1,
        "sharing of selected": 3 + 1,
        "language": 3 * 2,
    }
    assert not certainty.duplicated(["quantity", "place", "type"]).any()
    assert number(certainty, "layer", "1", "other")["estimate"] > 0
    assert pd.isna(number(certainty, "sharing of all", "3")["type"])
    assert number(certainty, "language", "es", "related")["estimate"] >= 0


def test_ten_folds_are_enough_for_an_interval_and_nine_are_too_few(tmp_path):
    _, few = resample(tmp_path / "9", random_counts(folds=9))
    assert few[["low", "high"]].isna().all(axis=None)
    assert few["mean_of_draws"].notna().all()
    counts = random_counts(folds=10)
    _, certainty = resample(tmp_path / "10", counts)
    assert certainty[["low", "high"]].notna().all(axis=None)
    # τ ± t · sd of its draws, with t = 2.262157 at nine degrees of freedom.
    draws = of_folds(draw_weights(np.ones(10, bool), 20, 0))
    _, numbers = in_draws(counts, draws, "ternary", PARAMETERS)
    threshold, half = number(certainty, "threshold"), 2.262157 * numbers[:, 0].std(ddof=1)
    assert threshold["high"] - threshold["estimate"] == pytest.approx(half, rel=1e-6)
    assert threshold["estimate"] - threshold["low"] == pytest.approx(half, rel=1e-6)
    assert threshold["mean_of_draws"] == pytest.approx(numbers[:, 0].mean())


@pytest.mark.parametrize("method", ["ternary", "lape"])
def test_types_and_estimates_are_those_of_the_neurons(tmp_path, method):
    parameters = {"top_rate": 0.5, "threshold_quantile": 0.5}
    counts, _, neurons, summary = write_case(tmp_path, PROBABILITIES, method, **parameters)
    outputs = {name: tmp_path / name for name in ("stability", "certainty", "draws")}
    write_stability(counts, outputs, method, parameters, LANGUAGES[:3], 20, 0, 2)
    stability = read_table(outputs["stability"], STABILITY)
    certainty = read_table(outputs["certainty"], CERTAINTY)
    typed, facts = read_table(neurons, NEURONS), read_summary(summary)
    columns = ["layer", "neuron", "type"]
    pd.testing.assert_frame_equal(stability[columns], typed[columns])
    assert number(certainty, "threshold")["estimate"] == facts["threshold"]
    assert number(certainty, "cutoff")["estimate"] == typed.loc[typed["selected"], "score"].max()
    for kind in TYPES:
        assert number(certainty, "total", kind=kind)["estimate"] == facts[kind]
    for population in ("all", "selected"):
        by_n = certainty.loc[certainty["quantity"] == f"sharing of {population}", "estimate"]
        assert by_n.tolist() == facts[f"histogram_{population}"].tolist()
    # There is one fold, as of published counts: tokens are drawn.
    found = read_provenance(outputs["certainty"])
    assert (found["folds"], found["draws"], found["replicates"]) == (1, 20, 20)
    assert found["units"]["name"] == TOKENS
    assert stability["stability"].notna().all()
    of_counts = certainty.iloc[3:]
    assert of_counts[["low", "high"]].notna().all(axis=None)
    # But for τ, which is of all neurons.
    assert pd.isna(number(certainty, "threshold")["low"])


def test_a_number_that_there_is_not_is_null(tmp_path):
    counts = random_counts(folds=12)
    free = {"top_rate": 1 / 60, "threshold_quantile": 0.5, "lambda_": None}
    # By peak alone, the first neuron comes first, and it is active for one language: no λ is too
    # large.
    counts.active[:, :, 0, 0] = np.array([40, 0, 0])[:, None]
    _, certainty = resample(tmp_path / "a", counts, parameters=free)
    assert pd.isna(number(certainty, "lambda")["estimate"])
    assert pd.isna(number(certainty, "lambda")["high"])
    assert number(certainty, "cutoff")["estimate"] < -1e6  # ranked by that λ all the same
    _, certainty = resample(tmp_path / "b", counts, "lape", {"top_rate": 0.1})
    assert pd.isna(number(certainty, "lambda")["estimate"])
    # LAPE has no candidate where no neuron is ever active.
    silent = Counts(np.zeros_like(counts.active), counts.tokens, counts.languages)
    stability, certainty = resample(tmp_path / "c", silent, "lape", {"top_rate": 0.1})
    assert pd.isna(number(certainty, "cutoff")["estimate"])
    assert (stability["stability"] == 1).all()


def test_a_searched_lambda_is_searched_for_in_each_draw(tmp_path):
    counts = random_counts(folds=12)
    searched = {"top_rate": 0.1, "threshold_quantile": 0.8, "lambda_": None}
    _, certainty = resample(tmp_path / "auto", counts, parameters=searched)
    weight = number(certainty, "lambda")
    assert weight["low"] < weight["estimate"] < weight["high"]
    _, certainty = resample(tmp_path / "given", counts, parameters={**searched, "lambda_": 0.1})
    weight = number(certainty, "lambda")
    assert weight["estimate"] == 0.1
    assert weight["low"] == pytest.approx(0.1) == weight["high"]


def test_the_seed_decides_and_draws_add_up_however_they_are_split(tmp_path):
    counts = random_counts(folds=12)
    first, again, other = (
        resample(tmp_path / str(i), counts, seed=seed) for i, seed in enumerate((0, 0, 1))
    )
    for one, two in zip(first, again, strict=True):
        pd.testing.assert_frame_equal(one, two)
    assert (first[0]["p_specific"] != other[0]["p_specific"]).any()
    assert first[1]["estimate"].equals(other[1]["estimate"])
    draws = draw_weights(np.ones(12, bool), 19, 0)
    times, numbers = in_draws(counts, of_folds(draws), "ternary", PARAMETERS)
    parts = [
        in_draws(counts, of_folds(some), "ternary", PARAMETERS) for some in (draws[:5], draws[5:])
    ]
    np.testing.assert_array_equal(times, parts[0][0] + parts[1][0])
    np.testing.assert_array_equal(numbers, np.concatenate([parts[0][1], parts[1][1]]))


def test_a_fold_without_tokens_is_no_fold(tmp_path):
    counts = random_counts(folds=10)
    counts.tokens[:, 4] = 0
    counts.active[:, 4] = 0
    _, certainty = resample(tmp_path, counts)
    assert read_provenance(tmp_path / "certainty")["folds"] == 9
    assert certainty["low"].isna().all()


def test_without_replicates_nothing_is_drawn(tmp_path):
    stability, certainty = resample(tmp_path, random_counts(folds=12), replicates=0)
    assert stability["stability"].isna().all()
    assert certainty["low"].isna().all()
    assert read_provenance(tmp_path / "stability")["draws"] == 0
