"""The settings that each rule gets: those that its results depend on, and no others."""

import pytest
from experiment_cases import CONFIG, PLACED, Wildcards, experiment, selection


def settings(rule, wildcards, **sections):
    return experiment(**sections).settings(rule)(wildcards)


def test_a_rule_that_runs_a_model_says_which():
    spec = {"path": "owner/base", "dtype": "float32"}
    assert settings("inspect_model", selection()) == {"spec": spec}
    assert settings("count_activations", selection()) == {
        "spec": spec,
        "languages": ["en", "de", "sw"],
        "folds": None,
    }
    assert settings("tokenize", selection()) == {"spec": spec, "empty": "error"}


@pytest.mark.parametrize(
    "rule",
    ["inspect_model", "generate_responses", "tokenize", "count_activations", "sample_responses",
     "inspect_alignment", "score_alignment", "align", "merge_adapter", "deactivate", "steer"],
)  # fmt: skip
def test_no_rule_is_given_where_its_model_is_placed(rule):
    """That would rerun it. It is a resource: see test_experiment.py."""
    for model in ("base", "aligned")[rule in ("align", "merge_adapter") :]:
        placed = settings(rule, selection(model), **PLACED)
        assert placed == settings(rule, selection(model))


def test_an_aligned_model_is_trained_and_merged_as_its_source_loads():
    spec = {"path": "owner/base", "dtype": "float32"}
    training = settings("align", selection("aligned"))
    assert training["spec"] == spec
    assert training["settings"]["checkpoints"] == [10, 20]
    assert training["settings"]["steps"] == 40
    merging = {"spec": spec, "dtype": "float32"}
    assert settings("merge_adapter", selection("aligned")) == {**merging, "step": 40}
    assert settings("merge_adapter", selection("aligned@20")) == {**merging, "step": 20}


def test_auto_becomes_a_search_and_lambda_a_python_name():
    wanted = {"top_rate": 0.01, "threshold_quantile": 0.95}
    assert settings("type_neurons", selection())["parameters"] == {**wanted, "lambda_": None}
    assert settings("type_neurons", selection(method="lape")) == {
        "method": "lape",
        "parameters": wanted,
        "languages": ["en", "de", "sw"],
    }
    fixed = settings("type_neurons", selection(), neurons={"ternary": {"lambda": 0.125}})
    assert fixed["parameters"]["lambda_"] == 0.125


def test_responses_depend_on_generation_and_samples_on_the_alignment():
    written = settings("generate_responses", selection())
    assert written["template"] == "{query}\n"
    assert written["generation"] == {
        "samples": 1, "temperature": 0, "max_new_tokens": 512, "seed": 0,
    }  # fmt: skip
    assert written["section"] == "generation"
    sampled = settings("sample_responses", selection())
    assert sampled["section"] == "alignment.sampling"
    assert sampled["generation"]["samples"] == 20
    # The pivot, and what the models made of this one are aligned in.
    assert sampled["languages"] == ["en", "sw"]
    assert settings("merge_scores", selection()) == {"languages": ["en", "sw"]}


def test_all_models_made_of_one_source_share_its_samples():
    models = {**CONFIG["models"], "second": {"align": {"from": "base", "languages": ["de"]}}}
    found = settings("sample_responses", selection(), models=models)
    assert found["languages"] == ["en", "de", "sw"]
    found = settings("preference_pairs", selection("second"), models=models)
    assert found == {"languages": ["de"], "cap": 10000, "dev_share": 0.05, "seed": 0}


def test_scores_depend_on_the_translation_model():
    codes = {"en": "e", "de": "d", "sw": "s"}
    assert settings("score_alignment", selection()) == {
        "spec": {"path": "owner/nllb"},
        "codes": codes,
        "direction": "to_pivot",
        "long_responses": "error",
        "pivot": "en",
    }
    inspected = settings("inspect_alignment", selection())
    assert inspected["target_modules"] == {"alignment.training.target_modules": "all-linear"}
    assert inspected["spec"]["path"] == "owner/base"
    assert inspected["translation"] == {"path": "owner/nllb"}
    assert inspected["codes"] == codes
    assert inspected["languages"] == ["en", "sw"]


def test_comparisons_know_their_models_and_the_languages_trained_on():
    sides = Wildcards(before="base", after="other", method="lape")
    assert settings("compare_models", sides) == {
        "languages": ["en", "de", "sw"],
        "pivot": "en",
        "trained": ["de"],
        "names": ("base", "other"),
        "method": "lape",
        "parameters": {"top_rate": 0.01, "threshold_quantile": 0.95},
        "scale": "common",
        "uncertainty": {"replicates": 200, "seed": 0, "design_effect": 3},
    }
    own = settings("compare_models", sides, comparison={"scale": "own"})
    assert own["scale"] == "own"
    assert settings("compare_accuracy", sides)["uncertainty"] == {"replicates": 200, "seed": 0}
    overlap = settings("overlap_datasets", Wildcards(model="base", method="lape"))
    assert overlap["datasets"] == ["sums", "tales"]


def test_interventions_answer_as_models_do_unless_told_otherwise():
    found = settings("deactivate", selection(), generation={"max_new_tokens": 9})["parameters"]
    assert found["max_new_tokens"] == 9
    # Which models, methods and masks there are does not change a cell's numbers.
    assert not {"models", "methods", "masks", "phases"} & found.keys()
    found = settings("deactivate", selection(), deactivation={"max_new_tokens": 5})["parameters"]
    assert found["max_new_tokens"] == 5
    found = settings("steer", selection())["parameters"]
    assert found["languages"] == ["en", "sw"]
    assert settings("steer", selection(), steering={})["parameters"]["languages"] == [
        "en", "de", "sw",
    ]  # fmt: skip
    assert (found["modes"], found["factors"]) == (["set"], [1.0])
    both = settings("steer", selection(), steering={"mode": ["add", "set"], "factor": 2})
    assert (both["parameters"]["modes"], both["parameters"]["factors"]) == (["add", "set"], [2.0])
    assert settings("merge_steering", selection()) == {"languages": ["en", "sw"]}
    summary = settings("summarise_steering", selection())
    assert summary["steered"] == ["en", "sw"]
    # Another threshold for the best factor runs no model.
    assert summary["max_repetition"] == 0.2
    assert "max_repetition" not in found
    assert summary["languages"] == ["en", "de", "sw"]  # an answer may be in any of them


@pytest.mark.parametrize(
    ("method", "sets"),
    [
        ("ternary", ["specific", *(f"specific@phase {phase}" for phase in (1, 2, 3, 4))]),
        ("mask", ["mask"]),
    ],
)
def test_each_set_is_followed_by_its_parts_by_phase(method, sets):
    assert settings("merge_deactivation", selection(method=method))["sets"] == sets
    found = settings("compare_deactivation", selection(method=method))
    assert found["sets"] == sets
    assert found["uncertainty"] == {"replicates": 200, "seed": 0}


def test_a_figure_gets_its_title_its_look_and_the_facts_it_asks_for():
    found = settings(
        "draw_figure", Wildcards(name="layer_dynamics", instance="aligned/sums/ternary")
    )
    assert found["module"] == "layer_dynamics"
    assert found["title"] == "aligned on sums"
    assert found["style"]["dpi"] == 200
    assert found["values"] == {"steps": [0, 10, 20, 40]}
    found = settings("write_table", Wildcards(name="table2", instance="sums/ternary"))
    assert found["module"] == "trained_languages_together"
    assert "values" not in found


def test_a_method_without_related_neurons_has_no_set_of_them():
    sets = ["specific", "specific+related"]
    found = experiment(deactivation={"methods": ["ternary", "lape"], "sets": sets})

    def of(rule, method):
        settings = found.settings(rule)(selection(method=method))
        return settings.get("parameters", settings)["sets"]

    assert of("deactivate", "ternary") == sets
    assert of("deactivate", "lape") == ["specific"]
    for rule in ("merge_deactivation", "compare_deactivation"):
        # Switched off too: the specific neurons, and random ones in place of the related.
        assert of(rule, "ternary") == [*sets, "specific+random"]
        assert of(rule, "lape") == ["specific"]
    found = experiment(deactivation={"methods": ["lape"], "sets": sets[1:]})
    assert of("deactivate", "lape") == sets[1:]
    assert of("merge_deactivation", "lape") == sets[1:]
    found = experiment(deactivation={"sets": sets, "control_seeds": 0})
    assert of("merge_deactivation", "ternary") == sets
