"""Claims about the layers and languages of one model, each on numbers that come out each way."""

import numpy as np
import pandas as pd
import pytest
from core_cases import LANGUAGES

from langneurons.activations.counts import Counts, write_counts
from langneurons.activations.resampled import draw_texts
from langneurons.artifacts.tables import read_table
from langneurons.claims.layers import (
    Numbers,
    expectations_met,
    layer_findings,
    numbers_in_draws,
    pivot_finding,
)
from langneurons.claims.verdicts import (
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_TESTED,
    SUPPORTED,
    judge,
)
from langneurons.neurons.stability import CERTAINTY, DRAWS, write_stability
from langneurons.neurons.types import identify
from langneurons.uncertainty.resampling import FOLDS, TOKENS, Units

LENGTHS = [2, 3, 2, 1]
SEGMENTS = pd.DataFrame({"phase": [1, 2, 3, 4], "first_layer": [0, 2, 5, 7]})
#: What the paper found: language neurons per layer of each phase, and general ones.
LANGUAGE, GENERAL = (40, 4, 30, 10), (20, 60, 8, 30)


def numbers(
    language=LANGUAGE,
    general=GENERAL,
    spread=0.0,
    folds=12,
    languages=None,
    uneven=0.0,
    times=1,
    units=FOLDS,
):
    """Numbers in which every draw adds a number of its own to each layer, with this sd.

    Every other layer has ``uneven`` more specific neurons, those between have so many fewer. The
    layers of a phase are ``times`` as many.
    """
    lengths = [times * length for length in LENGTHS]
    layers = np.zeros((1, sum(lengths), 4))
    layers[..., 0] = layers[..., 1] = np.repeat(language, lengths) / 2
    layers[..., 2] = np.repeat(general, lengths)
    layers[..., 3] = 500
    layers[:, ::2, 0] += uneven
    layers[:, 1::2, 0] -= uneven
    noise = np.random.default_rng(0).normal(0, spread, (41, *layers.shape[1:]))
    noise[0] = 0
    by_lang = np.zeros((41, 3, 2)) if languages is None else languages
    return Numbers(layers + noise, by_lang, Units(folds, units))


def verdicts(found):
    return judge(found).set_index("claim")["verdict"]


def judged(**changed):
    return verdicts(layer_findings(numbers(**changed), SEGMENTS, 0.05))


def test_the_papers_layers_support_all_but_what_eight_layers_cannot():
    table = judge(layer_findings(numbers(spread=0.1), SEGMENTS, 0.05)).set_index("claim")
    order = table.loc["pattern_of_layers"]
    several = ["pattern_of_layers", "four_phases_over_three", "four_phases_over_five"]
    assert (table["verdict"].drop(several) == SUPPORTED).all()
    # 40 − 4 per layer; 4 · 5 % is less than one neuron a layer.
    row = table.loc["language_more_in_1_than_2"]
    assert (row["estimate"], row["margin"]) == (36, 1)
    assert table.loc["language_vanish_in_2", "estimate"] == 30 / 4 - 4
    # 60 − 4, from 5 % of 4 on, but at least from one neuron.
    row = table.loc["general_dominate_2"]
    assert (row["estimate"], row["margin"]) == (56, 1)
    assert table.loc["general_fewest_in_3", "estimate"] == 20 - 8
    assert table.loc["general_rise_to_4", "estimate"] == 30 - 8
    # All six are met, and also with the first layer last: by 2 of 16 orders.
    assert (order["p"], order["verdict"]) == (2 / 16, INCONCLUSIVE)
    assert "6 are met, by other orders" in order["reason"]


@pytest.mark.parametrize(
    ("claim", "language", "general"),
    [
        ("language_more_in_1_than_2", (4, 40, 30, 10), GENERAL),
        ("language_more_in_3_than_2", (40, 30, 4, 10), GENERAL),
        ("language_vanish_in_2", (40, 20, 30, 10), GENERAL),
        ("general_dominate_2", (40, 70, 30, 10), GENERAL),
        ("general_fewest_in_3", LANGUAGE, (5, 60, 8, 30)),
        ("general_rise_to_4", LANGUAGE, (9, 60, 8, 1)),
    ],
)
def test_each_claim_of_the_layers_can_be_contradicted_or_open(claim, language, general):
    assert judged(language=language, general=general, spread=0.1)[claim] == CONTRADICTED
    assert judged(language=language, general=general, spread=1000)[claim] == INCONCLUSIVE


def test_layers_that_are_alike_show_no_effect():
    found = judged(language=(20,) * 4, general=(20,) * 4, spread=0.05)
    for claim in ("language_more_in_1_than_2", "general_dominate_2", "general_rise_to_4"):
        assert found[claim] == CONTRADICTED
    # Not one of 16 equal orders meets more than another.
    assert found["pattern_of_layers"] == CONTRADICTED


def test_four_phases_against_three_and_five():
    """Where three, or five, kinds of layers follow one another, four phases are not the best."""
    long = {"uneven": 1, "times": 4}
    found = judged(spread=0.05, **long)
    assert found["four_phases_over_three"] == found["four_phases_over_five"] == SUPPORTED
    alike = {"language": (40, 4, 30, 30), "general": (20, 60, 8, 8)}  # phases 3 and 4
    assert judged(spread=0.05, **alike, **long)["four_phases_over_three"] == CONTRADICTED
    five = numbers(spread=0.05, **long)
    five.layers[:, 12:16, 0] += 400  # a phase of its own, in the middle of phase 2
    found = verdicts(layer_findings(five, SEGMENTS, 0.05))
    assert found["four_phases_over_five"] == CONTRADICTED
    assert judged(spread=9, **long)["four_phases_over_five"] == INCONCLUSIVE


def test_few_folds_give_estimates_and_no_verdict():
    table = judge(layer_findings(numbers(spread=0.1, folds=1), SEGMENTS, 0.05))
    assert (table["verdict"] == NOT_TESTED).all()
    assert table["estimate"].notna().all()
    assert table["reason"].str.contains("1 fold").all()


def test_tokens_give_intervals_and_leave_all_open():
    found = layer_findings(numbers(spread=0.1, folds=500, units=TOKENS), SEGMENTS, 0.05)
    table = judge(found).set_index("claim")
    assert (table["verdict"] == INCONCLUSIVE).all()
    assert table["reason"].str.startswith("one fold").all()
    assert (table["low"].drop("pattern_of_layers") > 0).any()
    assert table["p"].isna().all()


def test_claims_of_four_phases_need_four():
    table = judge(layer_findings(numbers(spread=0.1), SEGMENTS[:3], 0.05)).set_index("claim")
    assert table.loc["general_dominate_2", "reason"].startswith("there are 3 phases")
    tested = table["verdict"] != NOT_TESTED
    assert table.index[tested].tolist() == ["four_phases_over_three", "four_phases_over_five"]


def test_expectations_are_counted_on_layers_cut_anew():
    layers = numbers().layers[0, :, :3]
    assert expectations_met(layers) == 6
    # With the last layer first, its phases have 10, 40, 4, 30 language and 30, 20, 60, 8 general
    # neurons per layer: none of the six.
    assert expectations_met(np.roll(layers, 1, axis=0)) == 0


@pytest.mark.parametrize(
    ("pivot_has", "spread", "expected"),
    [
        (40, 1, SUPPORTED),
        (99, 0.5, CONTRADICTED),  # fewer by 1 of 100, and 5 count
        (160, 1, CONTRADICTED),
        (90, 30, INCONCLUSIVE),
    ],
)
def test_the_pivot_against_the_mean_of_the_others(pivot_has, spread, expected):
    by_lang = np.zeros((41, 3, 2))
    by_lang[..., 0] = [60, pivot_has, 40]
    by_lang[..., 1] = [30, 0, 70]  # 90 and 110, mean 100
    by_lang[1:, 1, 0] += np.random.default_rng(1).normal(0, spread, 40)
    found = pivot_finding(numbers(languages=by_lang), ["de", "en", "sw"], "en", 0.05)
    assert found.estimate == 100 - pivot_has
    assert found.margin == 5
    assert judge([found])["verdict"].tolist() == [expected]


@pytest.mark.parametrize("folds", [9, 12])
def test_numbers_in_draws_are_those_of_the_model(tmp_path, folds):
    random = np.random.default_rng(3)
    active = random.integers(0, 30, (3, folds, 4, 20)).astype(np.int32)
    counts = Counts(active, np.full((3, folds), 40), LANGUAGES[:3])
    parameters = {"top_rate": 0.1, "threshold_quantile": 0.8}
    write_counts(counts, tmp_path / "counts", {})
    outputs = {name: tmp_path / name for name in ("stability", "certainty", "draws")}
    typing = ("lape", parameters, LANGUAGES[:3])
    write_stability(tmp_path / "counts", outputs, *typing, replicates=5, seed=0, design_effect=1)
    certainty = read_table(outputs["certainty"], CERTAINTY)
    draws = read_table(outputs["draws"], DRAWS)
    found = numbers_in_draws(certainty, draws, Units(folds, FOLDS))
    assert found.layers.shape == (6, 4, 4)
    assert found.languages.shape == (6, 3, 2)
    assert found.units == Units(folds, FOLDS)
    neurons, _ = identify(counts.probabilities(), "lape", parameters)
    assert (found.layers[0] == neurons.by_layer).all()
    assert (found.languages[0] == neurons.by_language).all()
    draws = draw_texts(counts, replicates=5, seed=0, design_effect=1).weights
    for draw, layers, languages in zip(draws, found.layers[1:], found.languages[1:], strict=True):
        neurons, _ = identify(counts.probabilities(draw), "lape", parameters)
        assert (layers == neurons.by_layer).all()
        assert (languages == neurons.by_language).all()
