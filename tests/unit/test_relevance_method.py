"""How relevance is normalised and typed, and how a run is planned that measures it."""

import json

import numpy as np
import pytest
from experiment_cases import CONFIG, Wildcards, experiment, selection
from test_sums import LANGUAGES, some_sums

from langneurons.activations.sums import write_quotients, write_sums
from langneurons.errors import InputError
from langneurons.experiment.forecast.jobs import Forecast
from langneurons.neurons.methods import ternary
from langneurons.neurons.methods.relevance import normalised, select
from langneurons.neurons.stability import write_stability
from langneurons.neurons.table import read_neurons, read_summary, write_neurons
from langneurons.neurons.types import SPECIFIC, identify, identify_on_scale

METHODS = {"ternary": {}, "relevance": {}}
PARAMETERS = {"top_rate": 0.05, "threshold_quantile": 0.95, "lambda_": None}


def relevances(L=3, D=200, K=4, seed=0):
    """Heavy tails, as gradients have them."""
    return np.random.default_rng(seed).lognormal(0, 1.5, (L, D, K)).astype(np.float32)


def test_half_relevant_is_the_quantile_of_the_layer_and_language():
    r = np.arange(1, 21, dtype=np.float32).reshape(1, 20, 1)  # 19 is the 0.95 · 20 = 19th smallest
    found = normalised(np.concatenate([r, 10 * r[:, ::-1]], axis=-1))
    assert found[0, 18].tolist() == pytest.approx([1 / 2, 20 / 210])
    assert found[0, 19, 0] == pytest.approx(20 / 39)
    assert found[0, 0].tolist() == pytest.approx([1 / 20, 200 / 390])
    assert found.dtype == np.float32


def test_scales_of_languages_and_layers_are_taken_out():
    r, scale = relevances(), np.random.default_rng(1).lognormal(0, 3, (3, 1, 4))
    p = normalised(r)
    np.testing.assert_allclose(normalised((r * scale).astype(np.float32)), p, rtol=1e-5)
    assert ((p > 0) & (p < 1)).all()
    assert ((p > 0.5).sum(axis=1) == 10).all()  # 5 % of 200, in each layer and language
    # Within a layer and language, neurons keep their order.
    assert (np.argsort(p, axis=1) == np.argsort(r, axis=1)).all()


def test_neurons_that_matter_to_nothing_get_nothing():
    r = relevances(D=40)
    r[0, :, 1] = 0  # a whole layer
    r[1, :39, 2] = 0  # all but one neuron
    p = normalised(r)
    assert not p[0, :, 1].any()
    assert p[1, :, 2].tolist() == [0] * 39 + [1]


def test_it_is_typed_as_probabilities_are():
    r = relevances()
    neurons, selection_ = identify(r, "relevance", PARAMETERS)
    expected = ternary.select(normalised(r), **PARAMETERS)
    np.testing.assert_array_equal(selection_.selected, expected.selected)
    assert selection_.threshold == expected.threshold == pytest.approx(0.5, abs=0.02)
    np.testing.assert_array_equal(neurons.active, normalised(r) > expected.threshold)
    assert selection_.selected.sum() == 30
    assert selection_.parameters["lambda"] > 0
    assert not (neurons.selected & neurons.active.all(axis=-1)).any()
    own = identify_on_scale(r, "relevance", selection_)
    np.testing.assert_array_equal(own.kind, neurons.kind)


def test_a_neuron_that_one_language_needs_is_specific_to_it():
    r = np.random.default_rng(2).lognormal(0, 0.1, (1, 100, 4)).astype(np.float32)
    r[0, 5, 2] = 30  # needed by one language
    r[0, 9] = 50  # needed by all, and more so
    neurons, found = identify(r, "relevance", {**PARAMETERS, "top_rate": 0.01})
    assert np.argwhere(found.selected).tolist() == [[0, 5]]
    assert neurons.kind[0, 5] == SPECIFIC
    assert np.flatnonzero(neurons.active[0, 5]).tolist() == [2]


def test_artefacts_follow_from_sums(tmp_path):
    paths = {name: tmp_path / f"{name}.parquet" for name in ("sums", "q", "neurons", "summary")}
    sums = some_sums(folds=12)
    write_sums(sums, paths["sums"], {})
    write_quotients(paths["sums"], paths["q"], LANGUAGES)
    method = ("relevance", {**PARAMETERS, "top_rate": 0.3})
    write_neurons(paths["q"], paths["neurons"], paths["summary"], *method, LANGUAGES)
    expected, _ = identify(sums.probabilities(), *method)
    np.testing.assert_array_equal(read_neurons(paths["neurons"], LANGUAGES).kind, expected.kind)
    assert read_summary(paths["summary"])["method"] == "relevance"
    outputs = {name: tmp_path / f"{name}.parquet" for name in ("stability", "certainty", "draws")}
    draws = {"replicates": 5, "seed": 0, "design_effect": 1}
    write_stability(paths["sums"], outputs, *method, LANGUAGES, **draws)
    assert all(path.is_file() for path in outputs.values())


def test_select_is_that_of_the_paper():
    assert select is ternary.select


def test_a_run_measures_it_on_the_tokens_that_activations_are_counted_on():
    one = experiment(neurons=METHODS, collection={"backward_batch_tokens": 30})
    for model in ("base", "aligned@10"):
        keys = selection(model)
        assert one.reads("measure_relevance")(keys) == one.reads("count_activations")(keys)
        settings = one.settings("measure_relevance")(keys)
        assert settings == one.settings("count_activations")(keys)
        assert not {"batch_tokens", "backward_batch_tokens"} & settings.keys()
    assert one.resources("measure_relevance")["batch_tokens"](selection()) == 30
    assert one.wildcards["statistic"] == "relevance"
    typed = one.reads("type_neurons")(selection(method="relevance"))
    assert typed == {"probabilities": "results/relevance/base/sums.quotients.parquet"}
    pair = Wildcards(before="base", after="aligned", dataset="sums", method="relevance")
    assert one.reads("compare_models")(pair)["after"] == "results/relevance/aligned/sums.parquet"


def test_a_pass_backwards_is_forecast_as_long_as_a_scored_one_forwards(monkeypatch):
    from langneurons.experiment.forecast import jobs
    from langneurons.experiment.forecast.weights import Weights
    from langneurons.experiment.forecast.work import EXACT

    monkeypatch.setattr(jobs, "weights_of", lambda *_: Weights(body=10, head=7))
    forecast = Forecast(experiment(neurons=METHODS), lambda _: False)
    monkeypatch.setattr(forecast._material, "tokens", lambda *_: (100, EXACT))
    work = forecast.relevance(selection(), (1, 4))
    assert (work.read, work.operations) == (25, 2 * 2 * (10 + 7) * 25)


def test_a_quantised_folder_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "config.json").write_text(
        json.dumps({"quantization_config": {"quant_method": "awq"}})
    )
    models = {**CONFIG["models"], "small": {"path": str(tmp_path)}}
    expected = r"its weights are quantised \(awq\), but neurons\.relevance needs gradients"
    with pytest.raises(InputError, match=expected):
        experiment(models=models, neurons=METHODS)
    assert "small" in experiment(models=models, neurons={"ternary": {}}).models
    (tmp_path / "config.json").write_text("{torn")  # is said where it is loaded
    assert "small" in experiment(models=models, neurons=METHODS).models
