"""Methods that read another statistic than activations, or one that cannot be drawn."""

from dataclasses import replace

import pytest
from experiment_cases import CONFIG, LANGUAGES, Wildcards, experiment, selection

from langneurons.errors import InputError
from langneurons.experiment.declared import methods
from langneurons.experiment.experiment import Experiment


@pytest.fixture
def declare(monkeypatch):
    """Declare ``lape``, one of the two methods of the experiment, otherwise."""

    def set_fields(**fields):
        monkeypatch.setitem(methods(), "lape", replace(methods()["lape"], **fields))
        return experiment()

    return set_fields


def places(one, name):
    return {place.rpartition("/")[2] for drawn, place in one.drawn if drawn == name}


def test_a_method_is_given_its_own_statistic(declare):
    one = declare(statistic="weights")
    by_neuron = {
        "ternary": "results/probabilities/base/sums.parquet",
        "lape": "results/weights/base/sums.quotients.parquet",
    }
    by_fold = {
        "ternary": "results/activations/{}/sums.parquet",
        "lape": "results/weights/{}/sums.parquet",
    }
    for method in one.methods:
        keys = selection(method=method)
        for rule in ("type_neurons", "vary_settings"):
            assert one.reads(rule)(keys) == {"probabilities": by_neuron[method]}
        for rule in ("resample_neurons", "describe_phases"):
            assert one.reads(rule)(keys) == {"counts": by_fold[method].format("base")}
        pair = Wildcards(before="base", after="other", dataset="sums", method=method)
        assert one.reads("compare_models")(pair) == {
            "before": by_fold[method].format("base"),
            "after": by_fold[method].format("other"),
        }
    assert one.wildcards["statistic"] == "weights"
    assert experiment(neurons={"ternary": {}}).wildcards["statistic"] == "none"


def test_controls_by_activity_are_alike_in_activity_whatever_the_method(declare):
    declare(statistic="weights")
    one = experiment(
        deactivation={"methods": ["lape"], "control": "activity"},
        steering={"methods": ["lape"], "control": "activity"},
    )
    for rule in ("deactivate", "steer"):
        read = one.reads(rule)(selection(method="lape"))
        assert read["probabilities"] == "results/probabilities/base/sums.parquet"


def test_what_only_activations_have_is_left_out_for_others(declare):
    assert places(experiment(), "probability_profiles") == {"ternary", "lape"}
    one = declare(statistic="weights")
    for name in ("probability_profiles", "token_classes"):
        assert places(one, name) == {"ternary"}
    assert not [file for file in one.targets["token_classes"] if "lape" in file]
    assert one.activation_methods == ["ternary"]
    assert places(one, "layer_distribution") == places(one, "stability") == {"ternary", "lape"}


def test_stages_that_draw_leave_out_what_cannot_be_drawn(declare):
    one = declare(statistic="weights", drawn=False)
    for name in ("layer_distribution", "stability", "sensitivity", "claims", "layer_change"):
        assert places(one, name) == {"ternary"}, name
    assert places(one, "language_sharing") == {"ternary", "lape"}
    for stage in ("stability", "sensitivity", "phases", "comparison", "claims", "token_classes"):
        files = one.targets[stage]
        assert any("ternary" in file for file in files), stage
        # Which neurons two data sets have in common asks for no draw.
        drawn = [file for file in files if not file.startswith("results/dataset_overlap/")]
        assert not any("lape" in file for file in drawn), stage
    for stage in ("neurons", "masks"):
        assert any("lape" in file for file in one.targets[stage]), stage
    claims = one.reads("check_claims")(selection())
    assert not any("lape" in name for name in claims)


def test_published_counts_are_refused_where_a_model_must_be_run(declare, tmp_path):
    declare(statistic="weights")
    for language in LANGUAGES:
        for name in ("activation", "prefix.activation"):
            (tmp_path / f"{name}.{language}.M.pt").touch()
    models = {**CONFIG["models"], "published": {"counts": {"mgsm": str(tmp_path)}}}
    expected = (
        "config: neurons.lape: reads weights, for which a model must be run, but model "
        r"'published' has published counts only \(models\.published\.counts\)"
    )
    with pytest.raises(InputError, match=expected):
        experiment(models=models)
    assert isinstance(experiment(models=models, neurons={"ternary": {}}), Experiment)
